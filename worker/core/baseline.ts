import { endpointKey, isOver, type PanelMember, type RunFacts } from '../../schema/facts.ts'
import { firstCheck } from '../../schema/service.ts'
import { TOP_PORTS } from '../../schema/top-ports.ts'
import { type Found, LIMITS, type Step, type TouchTarget } from '../../schema/wire.ts'
import type { EndpointEvidence, ScanEvidence } from './evidence.ts'
import { pacedSteps, touchOf } from './plan.ts'
import { GRACE_MS, TOUCH_TIMEOUT_MS } from './rounds.ts'
import { isSilent } from './silence.ts'
import { members, type Steering, type WantedRun } from './steering.ts'

const TOP = 20
/** Witnesses that also look at last known and common ports, to see what is shut to us from the start. */
const SCOUTS = 2
/** Two ports a second: at most ten in five seconds, below the ports per second that make a port scan to common detectors. */
const SCOUT_PACE = { perStep: 2, gapMs: 1_000 }
const FOUND_PACE = { perStep: 4, gapMs: 1_000 }
const SOON_MS = 300
const LIFE_MS = 12 * 3_600_000
/** A member that has not reported a planned touch so long after it is not waited for. */
const TIME_UP_MS = 60_000

export const baselineKey = (probeId: string): string => `baseline:${probeId}`
const onlookers = (scan: ScanEvidence) => scan.facts.panel.filter((member) => member.role !== 'scanner')
/** The standing baseline runs of sibling and witnesses. */
export function wantedBaselines(scan: ScanEvidence): WantedRun[] {
  const { facts, now } = scan
  const missing = onlookers(scan).filter((member) => !baselineRun(scan, member))
  if (missing.length === 0) return []
  const scouts = members(facts.panel, 'witness').slice(0, SCOUTS)
  const scouted = pacedSteps(scoutTouches(scan), now + SOON_MS, SCOUT_PACE.perStep, SCOUT_PACE.gapMs)
  return missing.map((member) => ({
    key: baselineKey(member.probeId),
    probeId: member.probeId,
    role: member.role,
    kind: 'baseline',
    steps: scouts.includes(member) ? scouted : [],
    standing: true,
    dueAt: now,
    deadlineAt: now + LIFE_MS,
  }))
}

function scoutTouches({ facts }: ScanEvidence): TouchTarget[] {
  const asked = portTest(facts.ports)
  const touches = new Map<string, TouchTarget>()
  const add = (touch: TouchTarget) => {
    const key = endpointKey(touch)
    if (facts.addresses.includes(touch.address) && asked(touch.port) && !touches.has(key)) touches.set(key, touch)
  }
  for (const known of facts.lastKnown.slice(0, 100)) add(known)
  for (const address of facts.addresses)
    for (const port of TOP_PORTS.slice(0, TOP)) add({ address, port, check: firstCheck(port), service: 'unknown' })
  return [...touches.values()]
}

/** Whether a port is in canonical nmap text, without building the set. */
export function portTest(ports: string): (port: number) => boolean {
  const ranges = ports.split(',').map((part) => {
    const [first, last] = part.split('-').map(Number)
    return [first ?? 0, last ?? first ?? 0] as const
  })
  return (port) => ranges.some(([first, last]) => port >= first && port <= last)
}

/**
 * Ports that a witness saw open and the scanner, its discovery over, did not: they may be shut to us from the start. While its
 * discovery is cut short by a silence of the address they are shut to it at that moment: that is asked before it is over.
 * A port on which the scanner once got through is not among them.
 */
export function missedPorts(scan: ScanEvidence): EndpointEvidence[] {
  if (!scan.scanner) return []
  const isSwept = scan.scanRun?.discovered === true && !isScouting(scan)
  if (!isSwept && scan.silences.length === 0) return []
  const scanner = scan.scanner.probeId
  const phantom = new Set(scan.endpoints.filter((one) => one.phantom).map((one) => one.address))
  const witnesses = members(scan.facts.panel, 'witness')
  const missed = scan.endpoints.filter(
    (one) =>
      !one.found &&
      !phantom.has(one.address) &&
      (isSwept || isSilent(scan, one.address, scan.now)) &&
      scan.facts.addresses.includes(one.address) &&
      !one.openedAt.has(scanner) &&
      witnesses.some((witness) => one.openedAt.has(witness.probeId)),
  )
  if (missed.length === 0) return missed
  const asked = portTest(scan.facts.ports)
  return missed.filter(({ port }) => asked(port))
}

/** The witnesses still look at last known and common ports: what they see is taken up in one go, when all is in. */
export function isScouting(scan: ScanEvidence): boolean {
  return members(scan.facts.panel, 'witness')
    .slice(0, SCOUTS)
    .some((member) => {
      const run = baselineRun(scan, member)
      const isLate = (step: Step | undefined) => !step || scan.now > step.at + TOUCH_TIMEOUT_MS + GRACE_MS
      if (!run || isOver(run) || isLate(run.steps.at(-1))) return false
      const steps = run.steps.filter((step) => step.touches.some((t) => !scan.byKey.get(endpointKey(t))?.found))
      if (isLate(steps.at(-1))) return false
      const seen = new Set(run.observations.map((o) => endpointKey(o)))
      return steps.some((step) => step.touches.some((t) => !seen.has(endpointKey(t))))
    })
}

/**
 * The touches that follow from what the scanner found: each onlooker touches each open port once, a few a second. They are
 * derived from the facts and never written: a port found in a long scan then costs no row for any of its onlookers.
 * A step keeps its time while more is found; a touch that moved to another step is the same touch (docs/protocol.md).
 */
export function foundSteps(found: readonly Found[]): Step[] {
  const open = found
    .filter((one) => one.phantom !== true)
    .toSorted((a, b) => a.firstSeenOpenAt - b.firstSeenOpenAt || a.port - b.port)
  // A wide host gets wider steps, so that all fit into the plan.
  const size = Math.max(FOUND_PACE.perStep, Math.ceil(open.length / (LIMITS.stepsPerRun / 2)))
  const steps: Step[] = []
  for (let i = 0; i < open.length; i += size) {
    const some = open.slice(i, i + size)
    const soonest = (some[0] as Found).firstSeenOpenAt + SOON_MS
    const at = Math.max(soonest, (steps.at(-1)?.at ?? 0) + FOUND_PACE.gapMs)
    const touches = some.map(({ address, port, check, service }) => ({ address, port, check, service }))
    steps.push({ at, purpose: 'baseline', touches, timeoutMs: TOUCH_TIMEOUT_MS, beacon: false })
  }
  return steps
}

/** All steps of a baseline run: those of its plan, and those that follow from what was found. */
const stepsOf = (scan: ScanEvidence, run: RunFacts): readonly Step[] => [
  ...run.steps,
  ...foundSteps(scan.scanRun?.found ?? []),
]

/** Written steps: what only the witnesses saw, for the sibling; what the scanner found is derived (foundSteps). */
export function baselineAppends(scan: ScanEvidence): Steering['append'] {
  const appends: { runId: string; steps: readonly Step[] }[] = []
  for (const member of onlookers(scan)) {
    const run = baselineRun(scan, member)
    if (!run || isOver(run)) continue
    const missing = untouched(scan, member, run)
    const room = LIMITS.stepsPerRun - run.steps.length
    if (missing.length === 0 || room <= 0) continue
    // Wide hosts get wider steps, so that the plan has room for all.
    const perStep = Math.max(FOUND_PACE.perStep, Math.ceil(missing.length / Math.max(1, Math.floor(room / 2))))
    const startAt = Math.max(scan.now + SOON_MS, (run.steps.at(-1)?.at ?? 0) + FOUND_PACE.gapMs)
    appends.push({
      runId: run.runId,
      steps: pacedSteps(missing.map(touchOf), startAt, perStep, FOUND_PACE.gapMs).slice(0, room),
    })
  }
  return appends
}

function baselineRun(scan: ScanEvidence, { probeId }: PanelMember): RunFacts | undefined {
  const key = baselineKey(probeId)
  return scan.facts.runs.find((run) => run.key === key)
}

/** A port that was planned with another exchange counts as touched only when it was seen open with that. */
function untouched(scan: ScanEvidence, member: PanelMember, run: RunFacts): EndpointEvidence[] {
  const wanted = scan.endpoints.filter((one) => one.found && !one.phantom && !one.openedAt.has(member.probeId))
  if (member.role === 'sibling') wanted.push(...missedPorts(scan).filter((one) => !one.openedAt.has(member.probeId)))
  if (wanted.length === 0) return []
  const planned = new Set(stepsOf(scan, run).flatMap((step) => step.touches.map((t) => `${endpointKey(t)}|${t.check}`)))
  return wanted.filter((one) => !planned.has(`${one.key}|${one.check}`))
}

/** Baseline runs that have seen enough: discovery is over, and each planned touch is in or its time is up. */
export function finishedBaselines(scan: ScanEvidence): string[] {
  if (!scan.scanRun?.discovered) return []
  const done = (member: PanelMember): boolean => {
    const run = baselineRun(scan, member)
    if (!run || isOver(run)) return true
    if (untouched(scan, member, run).length > 0 && run.steps.length < LIMITS.stepsPerRun) return false
    const steps = stepsOf(scan, run)
    const lastAt = steps.reduce((at, step) => Math.max(at, step.at), 0)
    if (scan.now > lastAt + TIME_UP_MS) return true
    const seen = new Set(run.observations.map(endpointKey))
    const isIn = steps.every((step) => step.touches.every((touch) => seen.has(endpointKey(touch))))
    return isIn || (scan.now > lastAt + TOUCH_TIMEOUT_MS && run.heardAt === null)
  }
  const witnessesDone = members(scan.facts.panel, 'witness').every(done)
  return onlookers(scan)
    .filter((member) => done(member) && (member.role === 'witness' || witnessesDone))
    .flatMap((member) => baselineRun(scan, member) ?? [])
    .filter((run) => !isOver(run))
    .map((run) => run.runId)
}
