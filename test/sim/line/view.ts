import type { AlarmMore } from '../../../probe-node/report.ts'
import type { Scan } from '../../../probe-node/scan/context.ts'
import { createEndpoints, WATCH_EVERY_MS } from '../../../probe-node/scan/endpoints.ts'
import type { Seen } from '../../../probe-node/touch.ts'
import type { PanelMember } from '../../../schema/facts.ts'
import type { Endpoint, Observation, Span } from '../../../schema/wire.ts'
import { T0 } from '../../support/facts.ts'
import { SCAN_ID } from '../net/network.ts'
import type { LiveRun } from './desk.ts'
import { observed } from './observed.ts'
import type { Fleet } from './probe.ts'
import type { Setting } from './setting.ts'

/**
 * The scan as the probe's own code knows it, on virtual time: for those parts of probe-node/scan that decide without
 * waiting (endpoints, losses, limits, limp). What they never ask for is not there.
 */
export function viewOf(fleet: Fleet, { profile }: Setting, who: PanelMember, run: LiveRun): Scan {
  const { queue, desk, network, stir } = fleet
  const add = (seen: Seen): Observation => {
    run.heardAt = T0 + queue.now()
    const observation = observed(seen, ++run.n)
    run.observations.push(observation)
    return observation
  }
  const reporter = {
    add,
    addSpan: (span: Span) => void run.spans.push(span),
    alarm(lost: readonly Endpoint[], more: AlarmMore = {}) {
      desk.alarm(T0 + queue.now(), lost, more)
      stir(20)
      return Promise.resolve({ ok: true, answer: { accepted: true } })
    },
  }
  const view = {
    world: { clock: { now: () => T0 + queue.now() }, memory: network.memory(who), log: () => {} },
    run: { scanId: SCAN_ID },
    plan: { profile },
    reporter,
    endpoints: createEndpoints(reporter as never),
    output: { line: () => {} },
    nudge: { ring: () => {} },
    watchEveryMs: WATCH_EVERY_MS,
    hold: false,
    ended: { aborted: false },
  }
  return view as unknown as Scan
}
