import type { Fate } from './element.ts'
import type { Path } from './path.ts'
import type { Queue } from './queue.ts'

/** SYNs of Linux 6.5 and later (tcp_syn_linear_timeouts = 4): one a second, then 2, 4 … seconds apart. */
const SYN_AT_MS = [0, 1_000, 2_000, 3_000, 4_000, 5_000, 7_000, 11_000]
/** The listener's own timer for its SYN-ACK. */
const SYN_ACK_AFTER_MS = [0, 1_000, 3_000, 7_000]
/** Data that was not acknowledged is sent again: the least retransmission timeout, doubling. */
const DATA_AT_MS = [0, 200, 600, 1_400, 3_000, 6_200]

export type Shaken =
  | { end: 'accepted'; afterMs: number }
  | { end: 'refused'; fate: Exclude<Fate, 'pass' | 'drop'>; afterMs: number }
  | { end: 'silence'; afterMs: number }

/**
 * One connect() as its packets fare: each lost on its own, each SYN judged by what stands on the way at the moment it
 * comes, so that connections made side by side meet a limit in the order of their packets.
 */
export function shake(
  queue: Queue,
  path: Path,
  at: number,
  timeoutMs: number,
  judge: (at: number) => Fate,
  then: (shaken: Shaken) => void,
): void {
  const half = path.rttMs / 2
  let best: Shaken = { end: 'silence', afterMs: timeoutMs }
  let isFirst = true
  let isOver = false
  const settle = (shaken: Shaken) => {
    best = shaken
    queue.at(at + shaken.afterMs, () => {
      if (isOver || best !== shaken) return
      isOver = true
      then(shaken)
    })
  }
  const arrive = (sentAt: number) => {
    if (isOver) return
    const fate = judge(at + sentAt + half)
    if (fate === 'drop') return
    if (fate !== 'pass') {
      // Nobody sends a refusal again by himself.
      const afterMs = sentAt + path.rttMs
      if (path.passes(at + sentAt + half) && afterMs < best.afterMs) settle({ end: 'refused', fate, afterMs })
      return
    }
    // The listener's timer starts with the first SYN; each further SYN draws one more answer.
    for (const after of isFirst ? SYN_ACK_AFTER_MS : [0]) {
      const afterMs = sentAt + after + path.rttMs
      if (afterMs >= best.afterMs) break
      if (!path.passes(at + sentAt + half + after)) continue
      settle({ end: 'accepted', afterMs })
      break
    }
    isFirst = false
  }
  const send = (nth: number, lateMs: number) => {
    if (isOver) return
    const sentAt = (SYN_AT_MS[nth] as number) + lateMs
    if (path.passes(at + sentAt)) queue.at(at + sentAt + half, () => arrive(sentAt))
    const slackMs = lateMs + path.slackMs()
    const next = (SYN_AT_MS[nth + 1] ?? Number.POSITIVE_INFINITY) + slackMs
    if (next < best.afterMs) queue.at(at + next, () => next < best.afterMs && send(nth + 1, slackMs))
    else if (best.end === 'silence') settle(best)
  }
  queue.at(at, () => send(0, 0))
}

/** When something sent at `at` until it arrives does so, ms later; infinite when the sender gives up. */
export function arrives(path: Path, at: number): number {
  for (const after of DATA_AT_MS) if (path.passes(at + after)) return after + path.rttMs / 2
  return Number.POSITIVE_INFINITY
}
