/**
 * When a panel looks. Short gaps first, because real bans last from 15 s (detection-science.md 4.2); the later ones reach
 * far enough to outlast a burst outage, and are a slow arm that no sane rate limit answers (E4).
 */
export const ROUND_AT_MS: readonly number[] = [0, 2, 5, 10, 18, 30, 40, 50, 65, 80, 105, 130].map((s) => s * 1_000)
/** These are planned at once; the rest is added for the endpoints that are still open questions by then. */
export const FIRST_ROUNDS = 8

/**
 * Where every touch counts against us (ssh, mail): three rounds in the first ten minutes, spaced so that with the
 * baseline no member makes more than 2 touches in 10 s and 4 in 10 min; then three more when the ration has refilled.
 */
export const RATIONED_AT_MS: readonly number[] = [0, 10.5, 30, 612, 624, 640].map((s) => s * 1_000)
/** Rounds that the first ration pays for. */
export const RATION_ROUNDS = 3

/** The timer of a deciding touch: six SYNs fit into it, so 20 % loss fails about once in ten thousand (4.4). */
export const TOUCH_TIMEOUT_MS = 6_000
/** A member that has not reported a round this long after its timers is left out of it. */
export const GRACE_MS = 4_000
/** Touches further apart than this are not of the same second, so not of one round. */
export const SAME_ROUND_MS = 3_000
/** From the alarm to the first round: time for the bell to reach the panel. */
export const BELL_MS = 700

/** Each batch of endpoints has its own stretch of round numbers, the same for every member. */
export const BATCH_ROUNDS = 20
/** Round numbers end at 1,000 (schema/wire.ts). */
export const MAX_BATCHES = 50
export const ENDPOINTS_PER_BATCH = 16

export const roundNumber = (batch: number, index: number): number => batch * BATCH_ROUNDS + index
export const batchOf = (round: number): number => Math.floor(round / BATCH_ROUNDS)
export const indexOf = (round: number): number => round % BATCH_ROUNDS

/** When the rounds of an endpoint are, after the start of its batch. */
export const roundTimes = (rationed: boolean): readonly number[] => (rationed ? RATIONED_AT_MS : ROUND_AT_MS)

/** Without a word by then an endpoint keeps what it has: all its rounds (or its first ration) are over. */
export const roundsEndMs = (rationed: boolean): number =>
  (rationed ? (RATIONED_AT_MS[RATION_ROUNDS - 1] as number) : (ROUND_AT_MS.at(-1) as number)) +
  TOUCH_TIMEOUT_MS +
  GRACE_MS
