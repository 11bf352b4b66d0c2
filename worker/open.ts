/** Opens scans: pins addresses, refuses what may not be touched, keeps the ceilings, chooses the panel, makes the runs. */

import { type SQL, sql } from 'drizzle-orm'
import { type Address, isPublic, networkOf, parseAddress } from '../schema/address.ts'
import type { RunFacts, ScanFacts } from '../schema/facts.ts'
import { newId } from '../schema/ids.ts'
import { formatPorts, portsIn } from '../schema/ports.ts'
import type { Plan, TouchPlan, TouchTarget } from '../schema/wire.ts'
import { anchorsFor } from './anchors.ts'
import { type Ask, newScan } from './ask.ts'
import { CANARY_TAG } from './canaries.ts'
import { boundedRate, justTaken, mustBeWithin, reserveFor } from './ceilings.ts'
import { judgeScan } from './core/judge.ts'
import { choosePanel, type PanelChoice, RESTED_MS } from './core/panel.ts'
import { steer } from './core/steer.ts'
import type { WantedRun } from './core/steering.ts'
import { sendSoon } from './deliver/send.ts'
import { Failure, type FailureCode } from './failure.ts'
import { unbegunNotice } from './finish.ts'
import { planBeacons } from './store/beacons.ts'
import { readCeilings, withinAll } from './store/ceilings.ts'
import { closeUnproved, raiseUnproved } from './store/controls.ts'
import { batch, changed, isTaken } from './store/db.ts'
import { scanFactsOf } from './store/facts.ts'
import { OPERATOR } from './store/keys.ts'
import { readPanelFacts } from './store/probes.ts'
import { isUnderWay } from './store/proofs.ts'
import { addRuns, type NewRun, runIdOf, SCAN_KEY } from './store/runs.ts'
import {
  addScan,
  beginScan,
  countRunning,
  endUnbegun,
  hasBegun,
  hasRoom,
  noteWaiting,
  type Scan,
} from './store/scans.ts'
import { isStopped } from './store/settings.ts'
import type { Target } from './store/targets.ts'
import { mustBeTouchable, standingNow, touchableNow } from './touchable.ts'
import { rememberWhere } from './where.ts'
import type { World } from './world.ts'

/** Scans under way at once: of one tenant; against one /24 or /48. Our own networks may be busier. */
export const CEILINGS = { tenant: 100, publicNetwork: 8, privateNetwork: 128 } as const
/** Connects per second on one target, at most. */
export const MAX_RATE = { private: 200_000, public: 2_000 } as const
const WAIT_MS = 30 * 60_000
const DAY_MS = 24 * 3_600_000

/** Opens a scan that somebody asked for, in one batch. Throws the Failure that tells why not. */
export async function openScan(world: World, tenantId: string, target: Target, ask: Ask): Promise<Scan> {
  const { scan, runs, within } = await prepared(
    world,
    target,
    newScan(world, tenantId, target, ask),
    ask.scannerProbeId,
  )
  try {
    const [added] = await batch(world.db, [
      addScan(world.db, scan, within),
      ...addRuns(world.db, scan, runs),
      ...controlStands(world, scan),
    ])
    if (changed(added) === 0) {
      await mayStillOpen(world, tenantId, scan)
      throw (await isUnderWay(world.db, tenantId, target.id, 'proof')) ? proofFirst() : justTaken()
    }
  } catch (error) {
    throw isTaken(error) ? laneTaken() : error
  }
  world.ring(runs.map((run) => run.probeId))
  return scan
}

/**
 * Gives a stored scan its panel and runs, now that it is its turn. What cannot ever run fails; what is too many waits, as
 * does a scan of any site while the one that was chosen is busy with this target.
 */
export async function begin(world: World, target: Target, stored: Scan): Promise<void> {
  try {
    const { scan, runs, within } = await prepared(
      world,
      target,
      { ...stored, dueAt: Math.max(stored.dueAt, world.now) },
      null,
    )
    const [begun] = await batch(world.db, [
      beginScan(world.db, scan, within),
      ...addRuns(world.db, scan, runs),
      ...controlStands(world, scan),
    ])
    if (changed(begun) > 0) world.ring(runs.map((run) => run.probeId))
  } catch (error) {
    const refused = isTaken(error) ? laneTaken() : error
    if (!(refused instanceof Failure)) throw error
    const waits = WAITING.includes(refused.code)
    if (waits && stored.deadlineAt > world.now) {
      await noteWaiting(world.db, stored, refused.message)
      return
    }
    const code = waits ? 'timed_out' : (FINAL.find((one) => one === refused.code) ?? 'address_refused')
    const failure = { code, detail: refused.message } as const
    const notices = [await unbegunNotice(stored, target, failure, world.now)]
    const issue = {
      issueId: newId('iss'),
      title: `${target.name ?? target.address} is not scanned. ${refused.message}`.slice(0, 400),
    }
    const also = (guard: SQL) => [raiseUnproved(world.db, stored, issue, guard, world.now)]
    const isUnproved = refused.code === 'unproved_address'
    await endUnbegun(
      world.db,
      stored,
      { state: 'failed', failure, notices, ...(isUnproved ? { also } : {}) },
      world.now,
    )
    sendSoon(world, stored.tenantId)
  }
}

/** Why a stored scan has not begun, as it was when it last should have; null when nothing kept it, or it has. */
export function whyItWaits({ finishedAt, scannerProbeId, place, waitsFor }: Scan): string | null {
  if (finishedAt !== null || scannerProbeId !== '') return null
  return place === 1 ? 'The scan of this target and site before it has not ended.' : waitsFor
}

/** What may be otherwise in a while. */
const WAITING: readonly FailureCode[] = [
  'too_many_scans',
  'network_busy',
  'ceiling_reached',
  'scanning_stopped',
  'scan_running',
]
const FINAL = ['no_probe', 'name_not_resolved', 'unproved_address'] as const
const proofFirst = () =>
  new Failure('scan_running', 'A proof of this target is under way: its stimulus would pass for that of the scan.')
const laneTaken = () => new Failure('scan_running', 'A scan of this target from this site is running or waiting.')

/** The scan with addresses and panel, and its first runs. */
async function prepared(
  world: World,
  target: Target,
  blank: Scan,
  scannerProbeId: string | null,
): Promise<{ scan: Scan; runs: NewRun[]; within: SQL }> {
  if (await isStopped(world.db)) throw new Failure('scanning_stopped', 'All scanning is stopped by the kill switch.')
  if (await isUnderWay(world.db, target.tenantId, target.id, 'proof')) throw proofFirst()
  const resolved = await resolvedOf(world, target)
  if (!parseAddress(target.address)) await rememberWhere(world, target, resolved)
  mustBeTouchable(await touchableNow(world, target.tenantId, resolved), resolved, 'address')
  await withinCeilings(world, blank, resolved, [...new Set(resolved.map(networkOf))])

  const { addresses, panel } = await panelFor(world, target, blank, resolved, scannerProbeId)
  const scanner = panel.find((member) => member.role === 'scanner')
  if (!scanner) throw new Failure('no_probe', 'No probe can scan this target now.')
  const pinned = addresses.map(({ text }) => text)
  if (blank.only?.some(({ address }) => !pinned.includes(address)))
    throw new Failure('conflict', 'The name points elsewhere now: what was lost cannot be tested again at its address.')
  const networks = addresses.map(networkOf)
  const ceilings = await readCeilings(world.db)
  const isPublicScan = addresses.some(isPublic) ? 1 : 0
  const begun: Scan = {
    ...blank,
    isPublic: isPublicScan,
    maxConnectsPerSecond: boundedRate({ ...blank, isPublic: isPublicScan }, ceilings),
    lane: scanner.site,
    addresses: pinned,
    leftOut: resolved.flatMap(({ text }) => (pinned.includes(text) ? [] : [text])),
    anchors: await anchorsFor(world, target, [...new Set(networks)]),
    networks,
    name: parseAddress(target.address) ? null : target.address,
    panel,
    scannerProbeId: scanner.probeId,
    deadlineAt: blank.dueAt + WAIT_MS + durationMs(blank),
  }
  const scan = { ...begun, connects: reserveFor(begun) }
  await mustBeWithin(world, scan, ceilings)
  const holds = await mayStillOpen(world, target.tenantId, scan)
  const within = sql`${holds} AND ${withinAll(scan, ceilings, world.now)} AND ${hasRoom(scan, mostUnderWay(scan))}`
  return { scan, runs: await firstRuns(world, target, scan), within }
}

/** Throws the Failure that says why the scan may not begin now; else what must hold in the write that begins it. */
export async function mayStillOpen(
  world: World,
  tenantId: string,
  { addresses, anchors }: Pick<Scan, 'addresses' | 'anchors'>,
): Promise<SQL> {
  if (await isStopped(world.db)) throw new Failure('scanning_stopped', 'All scanning is stopped by the kill switch.')
  const all = [...addresses, ...anchors.map(({ address }) => address)].flatMap((text) => parseAddress(text) ?? [])
  const { touchable, holds } = await standingNow(world, tenantId, all)
  mustBeTouchable(touchable, all, 'address')
  return holds
}

/** The target's addresses, resolved now. */
export async function resolvedOf(world: World, target: Target): Promise<readonly Address[]> {
  const literal = parseAddress(target.address)
  return literal ? [literal] : world.resolve(target.address)
}

/** A panel speaks one family: the first of the target's for which there is one, with the addresses that it can reach. */
async function panelFor(
  world: World,
  target: Target,
  scan: Scan,
  resolved: readonly Address[],
  scannerProbeId: string | null,
): Promise<{ addresses: readonly Address[]; panel: Scan['panel'] }> {
  const inTurn = target.tenantId === OPERATOR && target.tags.includes(CANARY_TAG)
  const texts = resolved.map(({ text }) => text)
  const probes = await readPanelFacts(world.db, texts, world.now, RESTED_MS)
  let refused: Extract<PanelChoice, { failure: string }> | null = null
  for (const family of new Set(resolved.map((address) => address.family))) {
    const addresses = resolved.filter((address) => address.family === family)
    const choice = choosePanel({
      probes,
      site: scan.site === '' ? null : scan.site,
      scannerProbeId,
      sticky: inTurn ? null : (target.scanners[scan.site] ?? null),
      inTurn,
      family,
      needsPrivate: !addresses.every(isPublic),
      now: world.now,
    })
    if ('panel' in choice) return { addresses, panel: choice.panel }
    refused ??= choice
  }
  throw new Failure('no_probe', refused?.detail ?? 'The target has no address.')
}

/** Scans that may be under way at once: of a tenant, and in a network of the scan's addresses. */
export const mostUnderWay = ({ isPublic }: Pick<Scan, 'isPublic'>) => ({
  tenant: CEILINGS.tenant,
  network: isPublic === 1 ? CEILINGS.publicNetwork : CEILINGS.privateNetwork,
})

export async function withinCeilings(
  world: World,
  scan: Scan,
  addresses: readonly Address[],
  networks: readonly string[],
): Promise<void> {
  const running = await countRunning(world.db, scan, networks)
  const most = mostUnderWay({ isPublic: addresses.some(isPublic) ? 1 : 0 })
  if (running.tenant >= most.tenant)
    throw new Failure('too_many_scans', `${running.tenant} scans are under way, the most at once.`)
  if (running.network >= most.network)
    throw new Failure('network_busy', `${running.network} scans of this network are under way, the most at once.`)
}

/** How long a scan may take: three passes over the ports at its rate with 100 ms a port, engagement, and a margin. */
function durationMs(scan: Scan): number {
  const ports = scan.portsAsked * Math.max(1, scan.addresses.length)
  const passes = 3 * ports * Math.max(1_000 / scan.maxConnectsPerSecond, 20)
  return Math.min(DAY_MS, Math.round(passes) + (scan.accompanySeconds ?? 0) * 1_000 + 60 * 60_000)
}

async function firstRuns(world: World, target: Target, scan: Scan): Promise<NewRun[]> {
  const beacons = await planBeacons(world.db)
  const plan: Plan = {
    kind: 'scan',
    targetId: target.id,
    addresses: scan.addresses,
    name: scan.name,
    ports: scan.ports,
    profile: scan.profile,
    maxConnectsPerSecond: scan.maxConnectsPerSecond,
    accompanySeconds: scan.accompanySeconds,
    only: scan.only,
    ...(scan.only ? { gaps: beyond(scan, scan.only) } : {}),
    known: [],
    discovered: false,
    beacons,
  }
  const own: NewRun = {
    id: await runIdOf(scan.id, 'scan'),
    key: SCAN_KEY,
    probeId: scan.scannerProbeId,
    role: 'scanner',
    kind: 'scan',
    dueAt: scan.dueAt,
    deadlineAt: scan.deadlineAt,
    needsPrivate: needsPrivate(scan),
    plan,
  }
  const facts = scanFactsOf(scan, target, [blankFacts(own)])
  const { wanted } = steer(facts, judgeScan(facts, world.now), world.now)
  return [own, ...(await wantedRuns(scan, facts, wanted, beacons))]
}

/**
 * The ports that a retest has to sweep: those it was asked for beyond the endpoints that it touches directly. A port that was
 * lost at one address alone may be a gap at another.
 */
function beyond({ ports, addresses }: Scan, only: readonly TouchTarget[]): string {
  const named = new Set(only.map(({ port }) => port))
  const touched = (port: number) =>
    named.has(port) && addresses.every((address) => only.some((one) => one.address === address && one.port === port))
  return formatPorts([...portsIn(ports)].filter((port) => !touched(port)))
}

/** What steering wants and is not there yet, as runs to make. */
export const wantedRuns = (
  scan: Scan,
  facts: ScanFacts,
  wanted: readonly WantedRun[],
  beacons: TouchPlan['beacons'],
): Promise<NewRun[]> => {
  const there = new Set(facts.runs.map((run) => run.key))
  return Promise.all(
    wanted
      .filter((run) => !there.has(run.key))
      .map(async (run) => ({
        id: await runIdOf(scan.id, run.key),
        key: run.key,
        probeId: run.probeId,
        role: run.role,
        kind: run.kind,
        dueAt: run.dueAt,
        deadlineAt: run.deadlineAt,
        needsPrivate: needsPrivate(scan),
        plan: {
          kind: run.kind,
          targetId: scan.targetId,
          name: scan.name,
          steps: [...run.steps],
          standing: run.standing,
          beacons,
        },
      })),
  )
}

/** A scan of public addresses that may begin: nothing is left of an issue about their control. */
const controlStands = ({ db, now }: World, { tenantId, targetId, id, addresses }: Scan) =>
  addresses.some((text) => isPublic(parseAddress(text) as Address))
    ? [closeUnproved(db, tenantId, targetId, id, now, hasBegun(tenantId, id))]
    : []

export const needsPrivate = (scan: Scan): boolean =>
  scan.addresses.some((text) => {
    const address = parseAddress(text)
    return !address || !isPublic(address)
  })

const blankFacts = (run: NewRun): RunFacts => ({
  runId: run.id,
  key: run.key,
  probeId: run.probeId,
  role: run.role,
  kind: run.kind,
  state: 'due',
  steps: [],
  observations: [],
  spans: [],
  found: [],
  discovered: false,
  heardAt: null,
  closing: null,
})
