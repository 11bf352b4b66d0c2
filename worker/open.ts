/** Opens scans: pins addresses, refuses what may not be touched, keeps the ceilings, chooses the panel, makes the runs. */
import { type Address, isPublic, networkOf, parseAddress, refusal } from '../schema/address.ts'
import type { RunFacts, ScanFacts } from '../schema/facts.ts'
import { newId } from '../schema/ids.ts'
import { parsePorts, portSetOf } from '../schema/ports.ts'
import type { Plan, TouchTarget } from '../schema/wire.ts'
import type { Profile } from '../schema/words.ts'
import { judgeScan } from './core/judge.ts'
import { choosePanel, RESTED_MS } from './core/panel.ts'
import { steer } from './core/steer.ts'
import type { WantedRun } from './core/steering.ts'
import { badField, Failure } from './failure.ts'
import { planBeacons } from './store/beacons.ts'
import { batch, changed, isTaken } from './store/db.ts'
import { scanFactsOf } from './store/facts.ts'
import { optedOut } from './store/optOuts.ts'
import { readPanelFacts } from './store/probes.ts'
import { addRuns, type NewRun, runIdOf, SCAN_KEY } from './store/runs.ts'
import { addScan, beginScan, countRunning, endUnbegun, type Scan } from './store/scans.ts'
import { isStopped } from './store/settings.ts'
import type { Target } from './store/targets.ts'
import type { World } from './world.ts'

/** What is asked of one scan, beyond its target. */
export interface Ask {
  site: string
  scannerProbeId: string | null
  ports: string
  profile: Profile
  accompanySeconds: number | null
  dueKey: string
  dueAt: number
  retestOf: string | null
  only: TouchTarget[] | null
}

/** Scans under way at once: of one tenant; against one /24 or /48. Our own networks may be busier. */
export const CEILINGS = { tenant: 100, publicNetwork: 8, privateNetwork: 128 } as const
/** Connects per second on one target, at most. */
export const MAX_RATE = { private: 200_000, public: 2_000 } as const
const WAIT_MS = 30 * 60_000
const DAY_MS = 24 * 3_600_000

/** The scan as it is stored before it has a panel. */
export function newScan(world: World, tenantId: string, target: Target, ask: Ask): Scan {
  const ports = ask.only ? portSetOf(ask.only.map(({ port }) => port)) : parsePorts(ask.ports)
  if ('error' in ports) throw badField('invalid', 'ports', ports.error)
  return {
    tenantId,
    id: newId('scn'),
    targetId: target.id,
    site: ask.site,
    dueKey: ask.dueKey,
    place: 0,
    state: 'queued',
    profile: ask.profile,
    addresses: [],
    networks: [],
    name: null,
    ports: ports.text,
    portsAsked: ports.size,
    maxConnectsPerSecond: target.maxConnectsPerSecond,
    accompanySeconds: ask.accompanySeconds,
    only: ask.only,
    scannerProbeId: '',
    panel: [],
    retestOf: ask.retestOf,
    createdAt: world.now,
    dueAt: ask.dueAt,
    startedAt: null,
    finishedAt: null,
    finishToken: null,
    readyAt: null,
    deadlineAt: ask.dueAt + WAIT_MS + DAY_MS,
    phase: null,
    alarms: [],
    steering: null,
    failureCode: null,
    failureDetail: null,
    judgement: null,
    judgedRev: 0,
    outputBytes: null,
    outputKey: null,
    cancelAsked: 0,
  }
}

/** Opens a scan that somebody asked for, in one batch. Throws the Failure that tells why not. */
export async function openScan(world: World, tenantId: string, target: Target, ask: Ask): Promise<Scan> {
  const { scan, runs } = await prepared(world, target, newScan(world, tenantId, target, ask), ask.scannerProbeId)
  try {
    await batch(world.db, [addScan(world.db, scan), addRuns(world.db, tenantId, scan.id, runs)])
  } catch (error) {
    if (isTaken(error)) throw new Failure('scan_running', 'A scan of this target from this site is running or waiting.')
    throw error
  }
  world.ring(runs.map((run) => run.probeId))
  return scan
}

/** Gives a stored scan its panel and runs, now that it is its turn. What cannot ever run fails; what is too many waits. */
export async function begin(world: World, target: Target, stored: Scan): Promise<void> {
  try {
    const { scan, runs } = await prepared(world, target, { ...stored, dueAt: Math.max(stored.dueAt, world.now) }, null)
    const [begun] = await batch(world.db, [beginScan(world.db, scan), addRuns(world.db, scan.tenantId, scan.id, runs)])
    if (changed(begun) > 0) world.ring(runs.map((run) => run.probeId))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const waits = error.code === 'too_many_scans' || error.code === 'network_busy' || error.code === 'scanning_stopped'
    if (waits && stored.deadlineAt > world.now) return
    const code = error.code === 'no_probe' || error.code === 'name_not_resolved' ? error.code : 'address_refused'
    const failure = { code, detail: error.message } as const
    await endUnbegun(world.db, stored, { state: 'failed', failure }, world.now)
  }
}

/** The scan with addresses and panel, and its first runs. */
async function prepared(
  world: World,
  target: Target,
  blank: Scan,
  scannerProbeId: string | null,
): Promise<{ scan: Scan; runs: NewRun[] }> {
  if (await isStopped(world.db)) throw new Failure('scanning_stopped', 'All scanning is stopped by the kill switch.')
  const addresses = await touchable(world, target)
  const networks = [...new Set(addresses.map(networkOf))]
  await withinCeilings(world, blank, addresses, networks)

  const choice = choosePanel({
    probes: await readPanelFacts(world.db, blank.tenantId, target.id, world.now, RESTED_MS),
    site: blank.site === '' ? null : blank.site,
    scannerProbeId,
    sticky: target.scanners[blank.site] ?? null,
    family: addresses[0]?.family ?? 4,
    needsPrivate: !addresses.every(isPublic),
    now: world.now,
  })
  if ('failure' in choice) throw new Failure('no_probe', choice.detail)
  const scanner = choice.panel.find((member) => member.role === 'scanner')
  if (!scanner) throw new Failure('no_probe', 'No probe can scan this target now.')
  const scan: Scan = {
    ...blank,
    addresses: addresses.map(({ text }) => text),
    networks,
    name: parseAddress(target.address) ? null : target.address,
    panel: choice.panel,
    scannerProbeId: scanner.probeId,
    deadlineAt: blank.dueAt + WAIT_MS + durationMs(blank),
  }
  return { scan, runs: await firstRuns(world, target, scan) }
}

/** The target's addresses, resolved now; throws when even one of them may not be touched. */
async function touchable(world: World, target: Target): Promise<readonly Address[]> {
  const literal = parseAddress(target.address)
  const addresses = literal ? [literal] : await world.resolve(target.address)
  for (const address of addresses) {
    const refused = refusal(address, { allowPrivate: world.allowPrivate })
    if (refused) throw badField(refused.code, 'address', refused.detail)
    if (isPublic(address))
      throw badField(
        'unproved_address',
        'address',
        `Nobody has proved control of ${address.text}: a public address is not scanned before.`,
      )
  }
  const out = await optedOut(world.db, addresses)
  if (out) throw badField('opted_out', 'address', `The owner of ${out.text} asked not to be scanned.`)
  return addresses
}

async function withinCeilings(
  world: World,
  scan: Scan,
  addresses: readonly Address[],
  networks: readonly string[],
): Promise<void> {
  const running = await countRunning(world.db, scan.tenantId, networks, scan.id)
  const ceiling = addresses.some(isPublic) ? CEILINGS.publicNetwork : CEILINGS.privateNetwork
  if (running.tenant >= CEILINGS.tenant)
    throw new Failure('too_many_scans', `${running.tenant} scans are under way, the most at once.`)
  if (running.network >= ceiling)
    throw new Failure('network_busy', `${running.network} scans of this network are under way, the most at once.`)
}

/** How long a scan may take: three passes over the ports at its rate with 100 ms a port, engagement, and a margin. */
function durationMs(scan: Scan): number {
  const ports = scan.only?.length ?? scan.portsAsked * Math.max(1, scan.addresses.length)
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

/** What steering wants and is not there yet, as runs to make. */
export const wantedRuns = (
  scan: Scan,
  facts: ScanFacts,
  wanted: readonly WantedRun[],
  beacons: Plan['beacons'],
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

const needsPrivate = (scan: Scan): boolean =>
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
