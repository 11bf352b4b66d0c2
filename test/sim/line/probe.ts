import type { Ration } from '../../../probe-node/ration.ts'
import { stepKey } from '../../../probe-node/steps.ts'
import type { Seen } from '../../../probe-node/touch.ts'
import type { PanelMember } from '../../../schema/facts.ts'
import { type Step, SWEEP_LEAD_MS, type TouchTarget } from '../../../schema/wire.ts'
import { isLoss, wasAccepted } from '../../../schema/words.ts'
import { foundSteps } from '../../../worker/core/baseline.ts'
import { T0 } from '../../support/facts.ts'
import type { Deed } from '../net/element.ts'
import { type Network, SCAN_ID } from '../net/network.ts'
import type { Queue } from '../net/queue.ts'
import type { Desk, LiveRun } from './desk.ts'
import { observed } from './observed.ts'
import type { Without } from './setting.ts'

const BURST_GAP_MS = 5
const BEACON = { purpose: 'beacon', check: 'tcp', address: '203.0.113.250' } as const
const BASELINE_GAP_MS = 1_000
/** The search for ports goes on so long after the touches amid it (probe-node/steps.ts). */
const SWEEP_TAIL_MS = 1_500
/** From the wish for a run to its lease: bell, lease, and the way. */
const BELL_MS = 300
/** From a report to the decision that it leads to: at once for news, with the next renewal for what was expected. */
const NEWS_MS = 150
const CALM_MS = 3_000

/** What the probes of a panel share: the network, the clock, the desk they report to. */
export interface Fleet {
  network: Network
  queue: Queue
  desk: Desk
  roll: () => number
  without: Without
  beaconPort: number
  /** something was reported that the Worker looks at */
  stir: (afterMs: number) => void
  /** the search for ports begins to go on amid touches: the scanner's watch waits */
  pauseWatch?: () => void
}

export interface Errand {
  purpose: Step['purpose']
  timeoutMs: number
  round?: number | undefined
  experiment?: Step['experiment']
  deed?: Deed
  /** the scanner's own engagement is not held to the ration */
  isEngagement?: boolean
}

/** One member's process: what it may still touch of services that count touches. */
export interface Prober {
  who: PanelMember
  ration: Ration
}

/** One touch, now, within the ration; `then` hears what was seen, complete but for its number, when it is known. */
export function touchOnce(
  fleet: Fleet,
  { who, ration }: Prober,
  target: TouchTarget,
  errand: Errand,
  then: (seen: Seen) => void,
): void {
  const { purpose, timeoutMs, round, experiment, deed = 'visit', isEngagement = false } = errand
  const { address, port, check, service } = target
  const at = fleet.queue.now()
  const base = {
    purpose,
    check,
    address,
    port,
    service,
    at: T0 + at,
    ...(round === undefined ? {} : { round }),
    ...(experiment === undefined ? {} : { experiment }),
  }
  if (!isEngagement && !ration.take(target, service))
    return void fleet.queue.at(at, () =>
      then({ ...base, sight: 'probe_fault', code: 'RATION', afterMs: 0, fit: false }),
    )
  const ask = { who, address, port, check, service, deed, at, timeoutMs }
  fleet.network.touch(ask, (touched) => {
    const seen: Seen = { ...base, ...touched }
    if (seen.fit !== false && who.role === 'scanner') fleet.network.memory(who).saw(SCAN_ID, target, seen)
    then(seen)
  })
}

/** Carries out the steps of the short runs of one member, each at its time. */
export function createOnlooker(fleet: Fleet, prober: Prober): { take(run: LiveRun): void } {
  const { queue, desk, without } = fleet
  const { who } = prober
  let baselineAt = 0
  const perform = (run: LiveRun, step: Step, at: number) => {
    if (run.state === 'done' || run.state === 'ended') return
    run.state = 'leased'
    run.heardAt = T0 + queue.now()
    const timeoutMs = without.timerMs !== undefined && step.purpose === 'verify' ? without.timerMs : step.timeoutMs
    const burst = step.burst ?? 1
    const seen: Seen[] = []
    let beacon: Seen | null = null
    let awaited = step.touches.length * burst + Number(step.beacon)
    const land = () => {
      awaited--
      if (awaited > 0) return
      run.heardAt = T0 + queue.now()
      const isVoid = beacon !== null && beacon.sight !== 'open'
      if (beacon) run.observations.push(observed(beacon, ++run.n))
      for (const one of seen) {
        const isUnfit = isVoid && !wasAccepted(one.sight)
        run.observations.push(observed(one, ++run.n, isUnfit))
      }
      if (run.kind === 'recover' && run.taken.size === run.steps.length) run.state = 'done'
      // A round is closed by its slowest look: what was open at once settles nothing yet.
      const isNews = step.purpose !== 'baseline' && (run.role === 'scanner' || seen.some((one) => isLoss(one.sight)))
      fleet.stir(isNews ? NEWS_MS : CALM_MS)
    }
    for (const [i, target] of step.touches.entries()) {
      // A baseline touch and an anchor are ordinary visits too.
      const errand = { purpose: step.purpose, timeoutMs, round: step.round, experiment: step.experiment }
      for (let nth = 0; nth < burst; nth++)
        queue.at(at + nth * BURST_GAP_MS, () =>
          touchOnce(fleet, prober, target, errand, (one) => {
            // Numbered as they began, whenever they end.
            seen[i * burst + nth] = one
            land()
          }),
        )
    }
    if (!step.beacon) return
    const round = step.round === undefined ? {} : { round: step.round }
    fleet.network.beacon(who, at, fleet.beaconPort, (touched) => {
      beacon = { ...BEACON, port: fleet.beaconPort, at: T0 + at, ...round, ...touched }
      land()
    })
  }
  /** The search for ports goes on: what stands on the way sees its SYNs. */
  const load = (perSecond: number, from: number, to: number) => {
    queue.at(from, () => {
      fleet.pauseWatch?.()
      fleet.network.detect(who, from, perSecond)
    })
    for (let at = from; at < to; at += 1_000 / perSecond) queue.at(at, () => fleet.network.knock(who, at))
  }
  return {
    take(run) {
      const found = run.kind === 'baseline' ? (desk.runs.find((one) => one.kind === 'scan')?.found ?? []) : []
      const planned = run.steps.length + found.length
      if (planned === run.takenUpTo) return
      run.takenUpTo = planned
      const derived = foundSteps(found)
      for (const step of [...run.steps, ...derived]) {
        if (step.purpose === 'baseline') {
          const touches = step.touches.filter((t) => !run.touched.has(`${t.address} ${t.port} ${t.check}`))
          if (touches.length === 0) continue
          for (const t of touches) run.touched.add(`${t.address} ${t.port} ${t.check}`)
          baselineAt = Math.max(step.at - T0, queue.now() + BELL_MS, baselineAt + BASELINE_GAP_MS)
          const at = baselineAt
          queue.at(at, () => perform(run, { ...step, touches }, at))
          continue
        }
        const key = stepKey(step)
        if (run.taken.has(key)) continue
        run.taken.add(key)
        const at = step.at - T0
        // A step this long ago is not made up for.
        if (at < queue.now() - 5_000) continue
        if (step.sweep !== undefined) load(step.sweep, Math.max(queue.now(), at - SWEEP_LEAD_MS), at + SWEEP_TAIL_MS)
        queue.at(Math.max(at, queue.now()), () => perform(run, step, Math.max(at, queue.now())))
      }
    },
  }
}
