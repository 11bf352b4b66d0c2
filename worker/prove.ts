/** Proofs: every address of the chosen sites touches every known endpoint of a target, and repeats the stimulus when asked to. */
import { sql } from 'drizzle-orm'
import { isPublic, networkOf, parseAddress } from '../schema/address.ts'
import type { PanelMember } from '../schema/facts.ts'
import { formatPorts, parsePorts, portsIn } from '../schema/ports.ts'
import type { ProofAsk, ProofSource, ProofStimulus } from '../schema/proof.ts'
import { LIMITS, type ScanPlan, type TouchTarget } from '../schema/wire.ts'
import type { CheckName, Service } from '../schema/words.ts'
import { newScan, shareOf } from './ask.ts'
import { boundedRate, justTaken, mustBeWithin, reserveFor } from './ceilings.ts'
import { type ProbeFacts, RESTED_MS } from './core/panel.ts'
import { endpointsFor } from './core/proof.ts'
import { badField, Failure } from './failure.ts'
import { interferedOf, type Repeated } from './interfered.ts'
import { mayStillOpen, mostUnderWay, needsPrivate, resolvedOf, withinCeilings } from './open.ts'
import { planBeacons } from './store/beacons.ts'
import { readCeilings, withinAll } from './store/ceilings.ts'
import { batch, changed, isTaken } from './store/db.ts'
import { readPanelFacts } from './store/probes.ts'
import { isUnderWay, PROOF_LANE, type Proof } from './store/proofs.ts'
import { addRuns, type NewRun, runIdOf } from './store/runs.ts'
import { addScan, hasRoom, type Scan } from './store/scans.ts'
import { isStopped } from './store/settings.ts'
import type { Target } from './store/targets.ts'
import { mustBeTouchable, touchableNow } from './touchable.ts'
import type { World } from './world.ts'

export interface ProveWish {
  /** null: those that may scan the target */
  sites: readonly string[] | null
  stimulus: boolean
}

/** Of one proof. A fleet with more addresses is proved site by site. */
const MOST_SOURCES = 256
const MOST_ENDPOINTS = LIMITS.endpointsPerStep
/** Endpoints as seen from each address: what they came to is kept in one row of D1, which takes 2 MB (store/bounded.ts). */
const MOST_CELLS = 5_000
/** All its runs are written in one batch. */
const MOST_PLAN_BYTES = 8_000_000
/** Port scan detectors speak up after a few dozen ports; more than this of a sweep is not repeated. */
const MOST_PORTS = 2_000
/** How long defences may take: log readers look within seconds, bouncers ask every 10 s (detection-science.md 4.5, E5). */
const WATCH_MS = { least: 12_000, most: 120_000, unknown: 20_000 } as const
/** Between the beginnings of two addresses that only touch. */
const STAGGER_MS = 300
/** Engagement of one address, above its sweep. */
const ENGAGE_MS = 6_000
const SLOT_MS = { least: 5_000, most: 180_000 } as const
/** The longer window of the ration: an endpoint that counts touches may have none left (probe-node/ration.ts). */
const RATION_MS = 650_000
const MARGIN_MS = 90_000
/** Of a proof, as it is expected. */
const MOST_MS = 24 * 3_600_000

/** Opens a proof in one batch. Throws the Failure that tells why not. */
export async function openProof(world: World, target: Target, wish: ProveWish): Promise<Proof> {
  if (await isStopped(world.db)) throw new Failure('scanning_stopped', 'All scanning is stopped by the kill switch.')
  if (await isUnderWay(world.db, target.tenantId, target.id, 'scan')) throw scanFirst()
  const resolved = await resolvedOf(world, target)
  mustBeTouchable(await touchableNow(world, target.tenantId, resolved), resolved, 'address')
  const known = resolved.map(({ text }) => text)
  const probes = await readPanelFacts(world.db, known, world.now, RESTED_MS, { drained: true })
  const issues = await interferedOf(world, target, probes)
  const sites = sitesOf(target, probes, wish.sites)
  const { endpoints, leftOut } = endpointsOf(
    target,
    known,
    issues.flatMap((one) => one.endpoints),
  )
  if (endpoints.length === 0)
    throw new Failure('conflict', 'No open port of this target is known yet: scan it before its allowlist is proved.')
  const needsPrivateProbe = !resolved.every(isPublic)
  const able = probes
    .filter(
      (probe) =>
        probe.standing.scans && sites.chosen.includes(probe.site) && (!needsPrivateProbe || probe.allowPrivate),
    )
    .filter((probe) => endpointsFor(probe, endpoints).length > 0)
    .toSorted((a, b) => (a.site === b.site ? (a.sourceAddress < b.sourceAddress ? -1 : 1) : a.site < b.site ? -1 : 1))
  if (able.length === 0)
    throw new Failure('no_probe', 'No probe in an active range of these sites can reach the known endpoints.')
  if (able.length > MOST_SOURCES)
    throw badField('invalid', 'sites', `${able.length} addresses are more than one proof takes (${MOST_SOURCES})`)
  const cells = able.reduce((sum, probe) => sum + endpointsFor(probe, endpoints).length, 0)
  if (cells > MOST_CELLS)
    throw badField(
      'invalid',
      'sites',
      `${able.length} addresses and ${endpoints.length} endpoints make ${cells} pairs, more than one proof takes (${MOST_CELLS}): prove site by site`,
    )

  const stimulus = wish.stimulus ? stimulusOf(target, endpoints, issues[0]?.repeated ?? null) : null
  const reactionMs = Math.max(0, ...issues.map((one) => one.reactionMs))
  const blank = newScan(world, target.tenantId, target, {
    site: PROOF_LANE,
    scannerProbeId: null,
    ports: formatPorts([...endpoints.map(({ port }) => port), ...portsIn(stimulus?.ports ?? '')]),
    profile: stimulus?.profile ?? 'discovery',
    accompanySeconds: null,
    dueKey: '',
    dueAt: world.now,
    retestOf: null,
    only: null,
    fills: null,
  })
  const addresses = [...new Set(endpoints.map(({ address }) => address))]
  await withinCeilings(world, blank, resolved, [...new Set(resolved.map(networkOf))])
  const ask: ProofAsk = {
    sites: [...new Set(able.map(({ site }) => site))],
    allSites: sites.isAll,
    sources: able.map(({ probeId, site, sourceAddress, online }) => ({
      probeId,
      site,
      sourceAddress,
      offline: !online,
    })),
    endpoints,
    leftOut,
    stimulus,
    watchMs: stimulus ? watchMsOf(reactionMs) : 0,
    issues: issues.map((one) => one.issue),
  }
  const asked = ask.sources.filter(({ offline }) => !offline)
  const [first] = asked
  if (!first) throw new Failure('no_probe', 'No probe of these sites is there to be asked.')
  const ceilings = await readCeilings(world.db)
  const space = resolved.some(isPublic) ? 1 : 0
  const wanted = stimulus?.maxConnectsPerSecond ?? blank.maxConnectsPerSecond
  const base: Scan = {
    ...blank,
    isPublic: space,
    addresses,
    networks: resolved.filter(({ text }) => addresses.includes(text)).map(networkOf),
    name: parseAddress(target.address) ? null : target.address,
    maxConnectsPerSecond: boundedRate({ maxConnectsPerSecond: wanted, isPublic: space }, ceilings),
    panel: asked.map((source) => memberOf(source, able)),
    scannerProbeId: first.probeId,
    proof: ask,
  }
  const turns = turnsOf(base, ask, asked.length)
  if (turns.allMs > MOST_MS) throw tooLong(turns, asked.length)
  const runs = await runsFor(world, base, ask, asked, turns)
  const bytes = new TextEncoder().encode(JSON.stringify(runs)).length
  if (bytes > MOST_PLAN_BYTES)
    throw badField(
      'invalid',
      'sites',
      `the plans of ${asked.length} addresses are ${bytes} bytes long, more than one proof takes (${MOST_PLAN_BYTES}): prove site by site`,
    )
  const proof = {
    ...base,
    connects: reserveFor(base),
    deadlineAt: Math.round(world.now + turns.deadlineMs),
    proof: ask,
  }
  await mustBeWithin(world, proof, ceilings)
  try {
    const holds = await mayStillOpen(world, target.tenantId, proof)
    const within = sql`${holds} AND ${withinAll(proof, ceilings, world.now)} AND ${hasRoom(proof, mostUnderWay(proof))}`
    const [added] = await batch(world.db, [addScan(world.db, proof, within), ...addRuns(world.db, proof, runs)])
    if (changed(added) === 0) {
      await mayStillOpen(world, target.tenantId, proof)
      throw (await isUnderWay(world.db, target.tenantId, target.id, 'scan')) ? scanFirst() : justTaken()
    }
  } catch (error) {
    throw isTaken(error) ? new Failure('proof_running', 'A proof of this target is under way.') : error
  }
  world.ring(runs.filter((run) => run.dueAt <= world.now + 2_000).map((run) => run.probeId))
  return proof
}

const scanFirst = () => new Failure('scan_running', 'A scan of this target is under way: prove it when that has ended.')

/** The chosen sites; those of the target, or all of the fleet, unless some are named. */
function sitesOf(target: Target, probes: readonly ProbeFacts[], wanted: readonly string[] | null) {
  const fleet = new Set(probes.map(({ site }) => site))
  const usual = target.sites.length > 0 ? target.sites : [...fleet]
  for (const [i, site] of (wanted ?? []).entries()) {
    if (!usual.includes(site)) throw badField('invalid', `sites.${i}`, `site ${site} does not scan this target`)
    if (!fleet.has(site)) throw badField('invalid', `sites.${i}`, `site ${site} has no probe`)
  }
  const chosen = wanted ?? usual
  return { chosen, isAll: usual.every((site) => chosen.includes(site)) }
}

// ---------------------------------------------------------------- what is known

/** Lost endpoints first, then what any site last saw open, of the addresses that the target has today. */
function endpointsOf(target: Target, addresses: readonly string[], lost: readonly TouchTarget[]) {
  const known = Object.values(target.lastKnown)
    .flatMap(({ ports }) => ports)
    .filter(({ verdict }) => verdict !== 'service_down')
    .map(({ address, port, check, service }) => ({
      address,
      port,
      check: check as CheckName,
      service: service as Service,
    }))
  const checks = new Map(known.map((one) => [`${one.address} ${one.port}`, one]))
  const all = [...lost, ...known]
    .filter(({ address }) => addresses.includes(address))
    .map((one) => [`${one.address} ${one.port}`, checks.get(`${one.address} ${one.port}`) ?? one] as const)
  const distinct = [...new Map(all).values()]
  const endpoints = distinct.slice(0, MOST_ENDPOINTS)
  return { endpoints, leftOut: distinct.length - endpoints.length }
}

/** What the scans that were interfered with did, or what a scan of the target does. */
function stimulusOf(target: Target, endpoints: readonly TouchTarget[], scan: Repeated | null): ProofStimulus {
  const profile = scan?.profile ?? target.profile
  if (profile === 'accompany')
    throw new Failure(
      'conflict',
      'What another scanner did cannot be repeated by us. Prove without the stimulus, then accompany that scanner again.',
    )
  const named = new Set(endpoints.map(({ port }) => port))
  const all = [...(scan ? portsIn(scan.ports) : portsOf(target))]
  const swept = all.filter((port) => !named.has(port))
  // Evenly: a detector counts ports, whichever they are.
  const step = Math.max(1, swept.length / MOST_PORTS)
  const ports = swept.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step))
  return {
    profile,
    ports: formatPorts(ports),
    portsAsked: all.length,
    // Its owner may have lowered the ceiling since.
    maxConnectsPerSecond: Math.min(scan?.maxConnectsPerSecond ?? Number.POSITIVE_INFINITY, shareOf(target)),
    scanId: scan?.id ?? null,
  }
}

const portsOf = ({ ports }: Target): Iterable<number> => {
  const set = parsePorts(ports)
  return 'error' in set ? [] : set
}

const watchMsOf = (reactionMs: number): number =>
  reactionMs === 0 ? WATCH_MS.unknown : Math.min(WATCH_MS.most, Math.max(WATCH_MS.least, Math.ceil(reactionMs * 1.25)))

// ---------------------------------------------------------------- runs

interface Turns {
  /** connects a second of each run: those that overlap have no more than the proof's together */
  rate: number
  /** between the times at which two addresses are due */
  slotMs: number
  /** what one run may take, from its lease on */
  runMs: number
  /** what all are expected to take */
  allMs: number
  /** when who has not looked will not any more: each has run for twice its time, and a few were silent */
  deadlineMs: number
}

/**
 * With the stimulus the addresses go one after the other, each at the rate of the scan it repeats: a limit counts per source. Without
 * it they overlap and share the rate. When one begins, its lease decides (store/runs.ts): `slotMs` only keeps them from asking in vain.
 */
function turnsOf(scan: Scan, { stimulus, watchMs }: ProofAsk, addresses: number): Turns {
  const swept = portsIn(stimulus?.ports ?? '').size * scan.addresses.length
  const atOnce = stimulus ? 1 : Math.min(addresses, scan.maxConnectsPerSecond)
  const rate = Math.floor(scan.maxConnectsPerSecond / atOnce)
  const workMs = ENGAGE_MS + (1_200 * swept) / rate
  const rounds = Math.ceil(addresses / atOnce)
  const runMs = RATION_MS + 2 * workMs + watchMs + MARGIN_MS
  return {
    rate,
    slotMs: stimulus ? Math.min(SLOT_MS.most, Math.max(SLOT_MS.least, workMs + watchMs)) : STAGGER_MS,
    runMs,
    allMs: rounds * (workMs + watchMs),
    deadlineMs: rounds * (2 * workMs + watchMs + MARGIN_MS) + runMs + MARGIN_MS,
  }
}

const tooLong = ({ allMs, rate }: Turns, addresses: number): Failure =>
  badField(
    'invalid',
    'sites',
    `${addresses} addresses, one after the other at ${rate} connects per second, take ${Math.ceil(allMs / 3_600_000)} hours, and a proof at most ${MOST_MS / 3_600_000}: prove site by site, or raise the target's rate`,
  )

/** One run an address. */
async function runsFor(
  world: World,
  scan: Scan,
  ask: ProofAsk,
  asked: readonly ProofSource[],
  turns: Turns,
): Promise<NewRun[]> {
  const beacons = await planBeacons(world.db)
  return Promise.all(
    asked.map(async ({ probeId, sourceAddress }, i) => {
      const endpoints = endpointsFor({ sourceAddress }, ask.endpoints)
      const plan: ScanPlan = {
        kind: 'scan',
        targetId: scan.targetId,
        addresses: [...new Set(endpoints.map(({ address }) => address))].slice(0, LIMITS.addressesPerScan),
        name: scan.name,
        ports: scan.ports,
        profile: scan.profile,
        maxConnectsPerSecond: turns.rate,
        accompanySeconds: null,
        only: endpoints,
        gaps: ask.stimulus?.ports ?? '',
        known: [],
        discovered: false,
        proof: { watchMs: ask.watchMs },
        beacons,
      }
      const key = `prove:${probeId}`
      const dueAt = Math.round(world.now + i * turns.slotMs)
      return {
        id: await runIdOf(scan.id, key),
        key,
        probeId,
        role: 'scanner' as const,
        kind: 'prove' as const,
        dueAt,
        deadlineAt: Math.round(dueAt + turns.runMs),
        needsPrivate: needsPrivate(scan),
        plan,
      }
    }),
  )
}

/** Each address of a proof counts as a scanner: a defence remembers it, and it is not rested any more. */
function memberOf({ probeId, site, sourceAddress }: ProofSource, probes: readonly ProbeFacts[]): PanelMember {
  const probe = probes.find((one) => one.probeId === probeId)
  return {
    probeId,
    role: 'scanner',
    site,
    provider: probe?.provider ?? null,
    country: probe?.country ?? null,
    asn: probe?.asn ?? null,
    sourceAddress,
    fit: probe?.fit ?? true,
    rested: false,
  }
}
