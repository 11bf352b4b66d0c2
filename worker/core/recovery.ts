import type { PortVerdict } from '../../schema/judgement.ts'
import type { EndpointEvidence } from './evidence.ts'
import type { Outcome } from './verdict.ts'

/** A lost port is watched for this long after its loss. */
export const RECOVERY_MS = 24 * 3_600_000
const WATCHED: readonly Outcome['verdict'][] = ['interfered', 'degraded', 'app_blocked', 'service_down', 'path_outage']

/**
 * The ban clock: when a lost port is touched again, after its loss (detection-science.md, E6). Each pair lies around the
 * end of a known ban; each gap between pairs is at least 1.2 times the longest gap before it, so that a ban that every
 * touch renews gets its silence.
 */
export const BAN_CLOCK_MS: readonly number[] = [
  12, 18, 55, 65, 110, 135, 190, 290, 320, 570, 640, 1_750, 1_850, 3_500, 3_700, 14_200, 14_600, 86_390,
].map((s) => s * 1_000)

/** The next touch on the ban clock after `now`, null when the clock has run down. */
export const nextRecoverAt = (lostAt: number, now: number): number | null => {
  const after = BAN_CLOCK_MS.find((ms) => lostAt + ms > now)
  return after === undefined ? null : lostAt + after
}

/** Whether a lost port has answered the scanner again, and between which touches it came back. */
export function recoveryOf(
  endpoint: EndpointEvidence,
  outcome: Outcome,
  lostAt: number | null,
  now: number,
): Pick<PortVerdict, 'recovery' | 'recoveredBetween'> {
  if (!WATCHED.includes(outcome.verdict) || lostAt === null) return { recovery: null, recoveredBetween: null }
  const mine = endpoint.looks.filter(
    (look) =>
      look.role === 'scanner' &&
      look.endAt >= lostAt &&
      // What an experiment gets through is no way back: a limiter lets slow touches in all along.
      !['canary', 'explain'].includes(look.observation.purpose),
  )
  const back = mine.findIndex((look, i) => !look.failed && i > 0 && look.at > (outcome.fastAt ?? lostAt))
  const [before, after] = [mine[back - 1], mine[back]]
  if (back > 0 && before && after) return { recovery: 'seen', recoveredBetween: [before.at, after.at] }
  return { recovery: now - lostAt > RECOVERY_MS ? 'expired' : 'pending', recoveredBetween: null }
}
