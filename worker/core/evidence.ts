import {
  endpointKey,
  isOver,
  observationId,
  type PanelMember,
  type RunFacts,
  type ScanFacts,
} from '../../schema/facts.ts'
import { isRationed } from '../../schema/service.ts'
import type { Found, Observation, Span } from '../../schema/wire.ts'
import {
  type CheckName,
  isLoss,
  type Purpose,
  type Recheck,
  type Role,
  type Service,
  wasAccepted,
} from '../../schema/words.ts'
import { type Awaited, type Case, caseOf, type Look, lookOf } from './cases.ts'
import type { PhantomLook, PhantomLooks } from './lure.ts'
import { batchOf } from './rounds.ts'
import { type Silence, silencesOf } from './silence.ts'
import { portFor, type Swept, sweptOf } from './swept.ts'
import { lossBound, SLOW_CONNECT_MS } from './tests.ts'

export type { Case, Look, Round } from './cases.ts'

export interface EndpointEvidence {
  key: string
  address: string
  port: number
  check: CheckName
  service: Service
  rationed: boolean
  /** null when the scanner never saw it open */
  found: Found | null
  phantom: boolean
  /** first time that each member saw the port open */
  openedAt: ReadonlyMap<string, number>
  cases: readonly Case[]
  /** every fit look, by anyone, in order of time; beacons and anchors are not among them */
  looks: readonly Look[]
  /** E8: single layers of the service, which say nothing of its being reached as a whole; in order of time */
  ladder: readonly Look[]
  /** connections that another scanner made from the scanner's address after the loss; in order of time */
  company: readonly Look[]
  /** stretches of open watching by the scanner */
  spans: readonly Span[]
  /** first alarm that names it */
  alarmAt: number | null
  /** the search for ports that the address let through in part, where it is asked here what that was */
  swept: Swept | null
}

export interface AnchorLook {
  id: string
  address: string
  role: Role
  at: number
  endAt: number
  failed: boolean
}

export interface ScanEvidence {
  facts: ScanFacts
  now: number
  scanner: PanelMember | null
  sibling: PanelMember | null
  scanRun: RunFacts | null
  /** the scan run has ended, by result or by loss */
  ended: boolean
  endpoints: readonly EndpointEvidence[]
  byKey: ReadonlyMap<string, EndpointEvidence>
  byAddress: ReadonlyMap<string, readonly EndpointEvidence[]>
  /** addresses that fell silent to the scanner while it looked for ports, and how long */
  silences: readonly Silence[]
  /** addresses that let the search for ports through in part */
  swept: readonly Swept[]
  /** upper bound of the loss per packet on the scanner's path */
  loss: number
  /** last moment at which the scanner saw anything; `now` while the scan runs */
  endAt: number
  /** what came with the scan's result, by endpoint key */
  recheck: ReadonlyMap<string, Recheck>
  engagement: ReadonlyMap<string, { planned: number; done: number }>
  /** touches of anchors, by anyone, in order of time */
  anchorLooks: readonly AnchorLook[]
  /** touches of random high ports, by address, in order of time */
  phantomLooks: PhantomLooks
  /** addresses that refused the scanner at random high ports when the scan began: they answered it then */
  refusedAtFirst: ReadonlySet<string>
  /** ports of beacons that scanner or sibling reached: their provider lets these out */
  reachedFromHome: ReadonlySet<number>
}

const NOT_OF_THE_ENDPOINT: readonly Purpose[] = ['beacon', 'anchor', 'phantom']
/** Touches that are stored whatever they saw. Of the watch and the engagement only the odd ones are: they would make any path lossy. */
const ALWAYS_KEPT: readonly Purpose[] = ['identify', 'baseline', 'verify', 'recheck']
/** A member that was not heard of so long after the start is not waited for. */
const PATIENCE_MS = 3_000

/** Facts → evidence: one pass over what was stored. Touches of unfit probes, and beside a dead beacon, are left out. */
export function evidenceOf(facts: ScanFacts, now: number): ScanEvidence {
  const member = new Map(facts.panel.map((one) => [one.probeId, one]))
  const scanRun = facts.runs.find((run) => run.kind === 'scan') ?? null
  // By address, then by port: this is looked up for every observation of the scan, often for the same one as before.
  const drafts = new Map<string, Map<number, Draft>>()
  let latest: Draft | null = null
  const draft = ({ address, port }: { address: string; port: number }): Draft => {
    if (latest?.port === port && latest.address === address) return latest
    const ports = drafts.get(address) ?? new Map<number, Draft>()
    if (ports.size === 0) drafts.set(address, ports)
    const known = ports.get(port)
    latest = known ?? emptyDraft(endpointKey({ address, port }), address, port)
    if (!known) ports.set(port, latest)
    return latest
  }
  const harvest: Harvest = {
    draft,
    anchorLooks: [],
    phantomLooks: new Map(),
    refusedAtFirst: new Set(),
    reachedFromHome: new Set(),
    connects: 0,
    slow: 0,
  }

  for (const run of facts.runs) {
    const who = member.get(run.probeId)
    if (!who) continue
    for (const found of run.found) {
      const d = draft(found)
      // A second lease may find it again, now with what it is.
      d.found = d.found
        ? { ...found, firstSeenOpenAt: Math.min(found.firstSeenOpenAt, d.found.firstSeenOpenAt) }
        : found
      seenOpen(d, run.probeId, found.firstSeenOpenAt)
    }
    for (const span of run.spans) {
      const d = draft(span)
      if (who.role === 'scanner') d.spans.push(span)
      seenOpen(d, run.probeId, span.from)
    }
    const deadBeacons = run.observations.filter((o) => o.purpose === 'beacon' && o.sight !== 'open')
    for (const o of run.observations) takeIn(o, run, who, deadBeacons, harvest)
    if (run.kind === 'verify') plan(run, draft)
  }
  for (const alarm of facts.alarms)
    for (const lost of alarm.lost) {
      const d = draft(lost)
      d.alarmAt = Math.min(d.alarmAt ?? alarm.at, alarm.at)
    }

  const verifying = facts.runs.filter((run) => run.kind === 'verify')
  const awaited: Awaited = (probeId, batch, startAt) => {
    const run = verifying.find(
      (one) => one.probeId === probeId && one.steps.some((s) => s.round !== undefined && batchOf(s.round) === batch),
    )
    if (!run || isOver(run)) return false
    return run.heardAt !== null || now < startAt + PATIENCE_MS
  }
  const all = [...drafts.values()]
    .flatMap((ports) => [...ports.values()])
    .map((d) => finish(d, facts, awaited, now))
    .toSorted((a, b) => (a.address === b.address ? a.port - b.port : a.address < b.address ? -1 : 1))
  const swept = sweptOf(facts.alarms)
  const asked = new Map(swept.map((one) => [portFor(one, all), one]))
  const endpoints = all.map((one) => (asked.has(one) ? { ...one, swept: asked.get(one) ?? null } : one))
  const ended = scanRun !== null && isOver(scanRun)
  const byAddress = new Map(
    facts.addresses.map((address) => [address, endpoints.filter((one) => one.address === address)]),
  )
  return {
    facts,
    now,
    endAt: ended ? lastSeenAt(facts) : now,
    recheck: new Map(scanRun?.closing?.recheck?.map((one) => [endpointKey(one), one.state])),
    engagement: new Map(scanRun?.closing?.engagement?.map((one) => [endpointKey(one), one])),
    scanner: facts.panel.find((one) => one.role === 'scanner') ?? null,
    sibling: facts.panel.find((one) => one.role === 'sibling') ?? null,
    scanRun,
    ended,
    endpoints,
    byKey: new Map(endpoints.map((one) => [one.key, one])),
    byAddress,
    silences: silencesOf(facts.alarms, byAddress, harvest.phantomLooks),
    swept,
    loss: lossBound(harvest.slow, harvest.connects),
    anchorLooks: harvest.anchorLooks.sort((a, b) => a.at - b.at),
    phantomLooks: harvest.phantomLooks,
    refusedAtFirst: harvest.refusedAtFirst,
    reachedFromHome: harvest.reachedFromHome,
  }
}

/** What the observations of all runs come to, but for what is kept by endpoint. */
interface Harvest {
  draft: (endpoint: { address: string; port: number }) => Draft
  anchorLooks: AnchorLook[]
  phantomLooks: Map<string, PhantomLook[]>
  refusedAtFirst: Set<string>
  reachedFromHome: Set<number>
  /** the scanner's handshakes, and how many of them were slow */
  connects: number
  slow: number
}

function takeIn(
  o: Observation,
  run: RunFacts,
  who: PanelMember,
  deadBeacons: readonly Observation[],
  harvest: Harvest,
): void {
  const isScanners = who.role === 'scanner'
  if (isScanners && o.sight === 'open' && o.connectMs !== undefined && ALWAYS_KEPT.includes(o.purpose)) {
    harvest.connects++
    if (o.connectMs >= SLOW_CONNECT_MS) harvest.slow++
  }
  if (NOT_OF_THE_ENDPOINT.includes(o.purpose)) return void takeBeside(o, run, who, harvest)
  const d = harvest.draft(o)
  if (o.purpose === 'company') return void d.company.push(lookOf(run, who, o))
  if (o.purpose === 'verify' && o.round !== undefined) answeredBy(d, run.probeId).add(o.round)
  const isVoid = deadBeacons.length > 0 && !wasAccepted(o.sight) && deadBeacons.some((beacon) => beside(beacon, o))
  if (o.fit === false || o.sight === 'probe_fault' || isVoid) return
  if (o.sight === 'open') seenOpen(d, run.probeId, o.at)
  const looks = o.experiment === 'E8' ? d.ladder : d.looks
  looks.push(lookOf(run, who, o))
}

/** Anchors, beacons and random high ports. */
function takeBeside(
  o: Observation,
  run: RunFacts,
  { role }: PanelMember,
  { anchorLooks, phantomLooks, refusedAtFirst, reachedFromHome }: Harvest,
): void {
  const { purpose, address, port, sight, at, afterMs } = o
  if (purpose === 'beacon' && sight === 'open' && role !== 'witness') reachedFromHome.add(port)
  if (purpose === 'anchor' && o.fit !== false && sight !== 'probe_fault')
    anchorLooks.push({
      id: observationId(run.runId, o.n),
      address,
      role,
      at,
      endAt: at + afterMs,
      failed: isLoss(sight),
    })
  if (purpose !== 'phantom') return
  const look = { id: observationId(run.runId, o.n), at, accepted: wasAccepted(sight) }
  phantomLooks.set(address, [...(phantomLooks.get(address) ?? []), look])
  if (sight === 'closed' && role === 'scanner') refusedAtFirst.add(address)
}

/** The last moment at which the scanner saw anything, recovery left out. */
function lastSeenAt({ runs }: ScanFacts): number {
  const own = runs.filter(({ kind, role }) => kind !== 'recover' && role === 'scanner')
  const times = own.flatMap((run) => [...run.observations.map(({ at }) => at), ...run.spans.map(({ to }) => to)])
  return times.reduce((latest, at) => Math.max(latest, at), 0)
}

interface Draft {
  key: string
  address: string
  port: number
  found: Found | null
  openedAt: Map<string, number>
  looks: Look[]
  ladder: Look[]
  company: Look[]
  spans: Span[]
  alarmAt: number | null
  check: CheckName | null
  service: Service | null
  /** batch → round → when, and who was to look */
  batches: Map<number, Map<number, { at: number; who: Set<string> }>>
  /** who reported which rounds, fit or not */
  answered: Map<string, Set<number>>
}

const emptyDraft = (key: string, address: string, port: number): Draft => ({
  key,
  address,
  port,
  found: null,
  openedAt: new Map(),
  looks: [],
  ladder: [],
  company: [],
  spans: [],
  alarmAt: null,
  check: null,
  service: null,
  batches: new Map(),
  answered: new Map(),
})

function seenOpen({ openedAt }: Draft, probeId: string, at: number): void {
  const known = openedAt.get(probeId)
  if (known === undefined || at < known) openedAt.set(probeId, at)
}

function answeredBy({ answered }: Draft, probeId: string): Set<number> {
  const rounds = answered.get(probeId) ?? new Set<number>()
  if (rounds.size === 0) answered.set(probeId, rounds)
  return rounds
}

/** A beacon speaks for the touches of its own round; one without a round for the seconds around it. */
const beside = (beacon: Observation, o: Observation): boolean =>
  beacon.round !== undefined && o.round !== undefined ? beacon.round === o.round : Math.abs(beacon.at - o.at) <= 2_000

function plan(run: RunFacts, draft: (endpoint: { address: string; port: number }) => Draft): void {
  for (const step of run.steps) {
    if (step.round === undefined || step.purpose !== 'verify') continue
    const batch = batchOf(step.round)
    for (const touch of step.touches) {
      const d = draft(touch)
      d.check ??= touch.check
      d.service ??= touch.service
      const rounds = d.batches.get(batch) ?? new Map<number, { at: number; who: Set<string> }>()
      if (rounds.size === 0) d.batches.set(batch, rounds)
      const round = rounds.get(step.round)
      if (round) round.who.add(run.probeId)
      else rounds.set(step.round, { at: step.at, who: new Set([run.probeId]) })
    }
  }
}

function finish(d: Draft, facts: ScanFacts, awaited: Awaited, now: number): EndpointEvidence {
  const looks = d.looks.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
  const known = facts.lastKnown.find((one) => one.address === d.address && one.port === d.port)
  const seen = looks.find((look) => !look.failed)?.observation
  const service = d.found?.service ?? d.service ?? seen?.service ?? known?.service ?? 'unknown'
  const byRound = new Map<number, Look[]>()
  for (const look of looks) {
    const { purpose, round } = look.observation
    if (purpose !== 'verify' || round === undefined) continue
    const same = byRound.get(round)
    if (same) same.push(look)
    else byRound.set(round, [look])
  }
  return {
    key: d.key,
    address: d.address,
    port: d.port,
    check: d.found?.check ?? d.check ?? seen?.check ?? known?.check ?? 'tcp',
    service,
    rationed: isRationed(service),
    found: d.found,
    phantom: d.found?.phantom === true,
    openedAt: d.openedAt,
    cases: [...d.batches.entries()]
      .toSorted(([a], [b]) => a - b)
      .map(([batch, rounds]) => caseOf(batch, rounds, byRound, d, awaited, now)),
    looks,
    ladder: d.ladder.sort((a, b) => a.at - b.at),
    company: d.company.sort((a, b) => a.at - b.at),
    spans: d.spans.sort((a, b) => a.from - b.from),
    alarmAt: d.alarmAt,
    swept: null,
  }
}
