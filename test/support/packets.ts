/** A connect as its packets fare: each one lost on its own, with the kernel's clock for the next try. */

/** Small, quick and always the same for the same seed (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** SYNs of Linux 6.5 and later, tcp_syn_linear_timeouts = 4: one a second, then 2, 4 … seconds apart. */
const SYN_AT_MS = [0, 1_000, 2_000, 3_000, 4_000, 5_000, 7_000, 11_000]
/** The listener's own timer for its SYN-ACK. */
const SYN_ACK_AFTER_MS = [0, 1_000, 3_000, 7_000]
/** The least retransmission timeout of data, doubling. */
const DATA_AT_MS = [0, 200, 600, 1_400, 3_000, 6_200]

export interface Packets {
  roll: () => number
  /** loss of a single packet, in either direction */
  loss: number
  rttMs: number
  timeoutMs: number
}

const arrives = ({ roll, loss }: Packets) => roll() >= loss

/** When the answer to a SYN is back: a SYN-ACK, or with `once` a refusal, which nobody sends again by himself. */
function answerAt(packets: Packets, once: boolean): number | null {
  const { rttMs, timeoutMs } = packets
  let best = Number.POSITIVE_INFINITY
  let first = true
  for (const sentAt of SYN_AT_MS) {
    if (sentAt >= Math.min(timeoutMs, best)) break
    if (!arrives(packets)) continue
    // The listener's timer starts with the first SYN; each further SYN draws one more answer.
    const answers = first && !once ? SYN_ACK_AFTER_MS : [0]
    first = false
    for (const after of answers) if (arrives(packets)) best = Math.min(best, sentAt + after + rttMs)
  }
  return best < timeoutMs ? best : null
}

/** One packet that is sent until it arrives. */
function dataAfter(packets: Packets): number {
  for (const at of DATA_AT_MS) if (arrives(packets)) return at + packets.rttMs / 2
  return Number.POSITIVE_INFINITY
}

/** A touch of an open port with one exchange; what the scanner's probe would report. */
export function openTouch(packets: Packets) {
  const connectMs = answerAt(packets, false)
  if (connectMs === null) return { sight: 'unresponsive', afterMs: packets.timeoutMs } as const
  const afterMs = connectMs + dataAfter(packets) + dataAfter(packets)
  if (afterMs >= packets.timeoutMs) return { sight: 'mute', connectMs, afterMs: packets.timeoutMs } as const
  return { sight: 'open', connectMs: Math.round(connectMs), afterMs: Math.round(afterMs) } as const
}

/** A touch of a port that is refused: by a reset or by a firewall's ICMP, each of which may be lost too. */
export function refusedTouch(packets: Packets) {
  const afterMs = answerAt(packets, true)
  return afterMs === null
    ? ({ sight: 'unresponsive', afterMs: packets.timeoutMs } as const)
    : ({ sight: 'closed', code: 'ECONNREFUSED', afterMs: Math.round(afterMs) } as const)
}
export const silentTouch = ({ timeoutMs }: Packets) => ({ sight: 'unresponsive', afterMs: timeoutMs }) as const
