/**
 * E6, recovery with a silent arm: some lists begin a ban anew with each packet that they stop, so looking too often keeps
 * the port shut (detection-science.md 4.5). Silence tells, and must not be broken lightly.
 */
import { SELF_RENEWING_MS } from '../../../schema/bans.ts'
import type { EndpointEvidence, Look } from '../evidence.ts'

/** What the way back says of the ban's length, in milliseconds. */
export interface Renewal {
  /** if it ran from the loss on, whatever we did: the loss lies between two touches, as does its end */
  ifFixed: readonly [number, number]
  /** if each touch began it anew; null when that cannot be, because a longer silence had not helped before */
  ifRenewed: readonly [number, number] | null
  /** the longest silence that did not help, and the one that did */
  silence: { inVain: number; helped: number }
  /** a usual length of a ban lies in the one interval only; `either` when in both or none */
  says: 'fixed' | 'renewed' | 'either'
  looks: readonly string[]
}

/** Lengths that tools ship with, seconds (defaults table, detection-science.md section 1; OpenSSH, fail2ban, nginx, HAProxy). */
const USUAL_S = [15, 30, 60, 90, 120, 180, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 86_400]
/** Timers and our own clock are not sharper. */
const SLACK_MS = 2_000

/** Reads the recovery of an endpoint that was lost at `lostAt`; null before it answered the scanner again. */
export function renewalOf(endpoint: EndpointEvidence, lostAt: number | null): Renewal | null {
  if (lostAt === null) return null
  const mine = touchesSince(endpoint, lostAt)
  const back = mine.findIndex((look, i) => !look.failed && i > 0 && (mine[i - 1] as Look).failed)
  const [before, after] = [mine[back - 1], mine[back]]
  if (!before || !after) return null
  const helped = after.at - before.at
  const failures = mine.slice(0, back)
  const inVain = Math.max(0, ...failures.slice(1).map((look, i) => look.at - (failures[i] as Look).at))
  // It began between the last touch that got through and the first that did not.
  const missed = mine.find(({ failed }) => failed) as Look
  const ifFixed = [before.at - missed.at, after.at - lastOpenBefore(endpoint, missed.at)] as const
  const ifRenewed = helped > inVain ? ([inVain, helped] as const) : null
  const fits = ([from, to]: readonly [number, number]) =>
    USUAL_S.some((s) => s * 1_000 >= from - SLACK_MS && s * 1_000 <= to + SLACK_MS)
  const [fixed, renewed] = [fits(ifFixed), ifRenewed !== null && fits(ifRenewed)]
  return {
    ifFixed,
    ifRenewed,
    silence: { inVain, helped },
    says: ifRenewed === null || (fixed && !renewed) ? 'fixed' : renewed && !fixed ? 'renewed' : 'either',
    looks: [before.id, after.id],
  }
}

/** The scanner's last success before a moment; that moment itself where none is known. */
function lastOpenBefore({ looks, spans }: EndpointEvidence, at: number): number {
  const opened = looks.findLast((look) => look.role === 'scanner' && !look.failed && look.at < at)?.at
  const watched = spans.filter(({ from }) => from < at).map(({ to }) => Math.min(to, at))
  const all = [...(opened === undefined ? [] : [opened]), ...watched]
  return all.length === 0 ? at : Math.max(...all)
}

/** Touches by the scanner from the loss on; single layers and the canary are no tries of the port. */
const touchesSince = (endpoint: EndpointEvidence, lostAt: number): Look[] =>
  endpoint.looks.filter(
    ({ role, endAt, observation }) => role === 'scanner' && endAt >= lostAt && observation.purpose !== 'canary',
  )

/**
 * Whether a poll at `at` leaves a ban that renews itself its silence: the rounds have renewed it once, no poll shall do it
 * again. A length is out of the question once a longer silence did not help.
 */
export function leavesSilence(endpoint: EndpointEvidence, lostAt: number, at: number): boolean {
  const touches = touchesSince(endpoint, lostAt).filter(({ failed }) => failed)
  const gaps = touches.slice(1).map((look, i) => look.at - (touches[i] as Look).at)
  const last = touches.at(-1)?.at ?? lostAt
  return SELF_RENEWING_MS.every((length) => gaps.some((gap) => gap > length) || at - last > length)
}
