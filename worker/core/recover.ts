import { isOver } from '../../schema/facts.ts'
import { LIMITS } from '../../schema/wire.ts'
import type { ScanEvidence } from './evidence.ts'
import { leavesSilence } from './experiments/renewal.ts'
import { touchOf, touchTimes } from './plan.ts'
import { mayTouch } from './ration.ts'
import { BAN_CLOCK_MS, RECOVERY_MS } from './recovery.ts'
import { TOUCH_TIMEOUT_MS } from './rounds.ts'
import { type Standing, told, type WantedRun } from './steering.ts'

const SOONEST_MS = 2_000
/** Ports that were lost together are asked together. */
const TOGETHER_MS = 5_000

/** The next poll of the ports still lost, by the scanner alone, one touch each; null run when one is on its way. */
export function wantedRecovery(scan: ScanEvidence, judgement: Standing): WantedRun[] {
  const { facts, scanner, now } = scan
  if (!scanner) return []
  if (facts.runs.some((run) => run.kind === 'recover' && !isOver(run))) return []
  const due = told(judgement.ports)
    .filter((port) => port.recovery === 'pending' && port.lostAt !== null && now - port.lostAt < RECOVERY_MS)
    .flatMap((port) => {
      const endpoint = scan.endpoints.find((one) => one.address === port.address && one.port === port.port)
      if (!endpoint) return []
      const spent = touchTimes(endpoint, scanner.probeId)
      const after = BAN_CLOCK_MS.map((ms) => (port.lostAt as number) + ms).find(
        (at) =>
          at >= now + SOONEST_MS &&
          leavesSilence(endpoint, port.lostAt as number, at) &&
          (!endpoint.rationed || mayTouch(spent, at)),
      )
      return after === undefined ? [] : [{ endpoint, at: after }]
    })
  if (due.length === 0) return []
  const at = Math.min(...due.map((one) => one.at))
  const touches = due
    .filter((one) => one.at <= at + TOGETHER_MS)
    .slice(0, LIMITS.endpointsPerStep)
    .map((one) => touchOf(one.endpoint))
  return [
    {
      key: `recover:${at}`,
      probeId: scanner.probeId,
      role: 'scanner',
      kind: 'recover',
      steps: [{ at, purpose: 'recover', touches, timeoutMs: TOUCH_TIMEOUT_MS, beacon: true }],
      standing: false,
      dueAt: at - 1_000,
      deadlineAt: at + 120_000,
    },
  ]
}
