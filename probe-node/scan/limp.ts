import { rest } from '../clock.ts'
import { clockTime, endpointText } from '../output.ts'
import type { Seen } from '../touch.ts'
import type { Scan } from './context.ts'
import type { Known } from './endpoints.ts'
import { raise } from './losses.ts'

/** A handshake this slow lost its first SYN or SYN-ACK: the kernel's first timer is one second. */
const SLOW_MS = 900
/** What is usual for the endpoint must be well below it, or nothing is told. */
const QUICK_MS = 200
/** So many of the last handshakes are looked at, and so many slow ones among them are worth asking others about. */
const LAST = 6
const MANY = 3
/** A lossy path limps everywhere: so many ports of a scan are asked about, no more. */
const MOST_ALARMS = 2

const asked = new WeakMap<Scan, number>()

/**
 * One more answer of an open endpoint. A handshake that needed a second SYN is kept as a fact, though the port is open:
 * a limiter drops the first packets of one source, loss those of all. True when there were so many of them lately that
 * the panel should look along.
 */
export function limps(scan: Scan, known: Known, seen: Seen): boolean {
  const { connectMs } = seen
  if (connectMs === undefined || seen.sight !== 'open') return false
  const isSlow = connectMs >= SLOW_MS && known.quickestMs !== null && known.quickestMs < QUICK_MS
  known.quickestMs = Math.min(known.quickestMs ?? connectMs, connectMs)
  known.slowConnects = [...known.slowConnects, isSlow].slice(-LAST)
  if (!isSlow) return false
  scan.reporter.add(seen)
  if (known.last === seen) known.last = null
  scan.output.line(
    'Watch',
    `${clockTime(seen.at)}  ${endpointText(known.target)}  open, but only the second SYN was answered: ${connectMs} ms, usually ${known.quickestMs} ms`,
  )
  const isDue = known.state === 'open' && known.slowConnects.filter(Boolean).length >= MANY && !known.wasLost
  return isDue && !known.rationed && (asked.get(scan) ?? 0) < MOST_ALARMS
}

/**
 * One more engagement connect of an endpoint. True when half of the last ones failed, never two running: a limiter that
 * refills while we wait for our timer shows like that.
 */
export function stumbles(scan: Scan, known: Known, failed: boolean): boolean {
  known.failedLately = [...known.failedLately, failed].slice(-LAST)
  const isMany = failed && known.failedLately.filter(Boolean).length >= MANY
  return isMany && known.state === 'open' && !known.wasLost && (asked.get(scan) ?? 0) < MOST_ALARMS
}

/** Asks the Worker for the panel's rounds: others look at the port in the same seconds, and say whether they limp too. */
export async function raiseLimp(scan: Scan, known: Known): Promise<void> {
  if (known.state !== 'open' || scan.ended.aborted) return
  asked.set(scan, (asked.get(scan) ?? 0) + 1)
  known.slowConnects = []
  known.failedLately = []
  known.limped = true
  scan.endpoints.closeSpan(known)
  await raise(scan, [known])
}

/** How long a limping endpoint that was let go may take to be seen open again. */
const BACK_MS = 5_000

/** Waits while the panel looks at an endpoint that was doubted, or limps: its stimulus may go on after. */
export async function untilSure(scan: Scan, known: Known): Promise<void> {
  const { ended, world } = scan
  while (!ended.aborted && (known.state === 'doubted' || (known.limped && known.state === 'lost' && scan.hold)))
    await rest(50, ended)
  const giveUpAt = world.clock.now() + BACK_MS
  while (!ended.aborted && known.limped && known.state === 'shut' && world.clock.now() < giveUpAt) await rest(50, ended)
}
