import { isLoss } from '../../schema/words.ts'
import { rest } from '../clock.ts'
import { clockTime, endpointText } from '../output.ts'
import type { Seen } from '../touch.ts'
import type { Scan } from './context.ts'
import { type Known, SHUT_EVERY_MS } from './endpoints.ts'
import { limps, raiseLimp } from './limp.ts'
import { AGAIN_TIMEOUT_MS, doubt, look, lose, SILENT_MS } from './losses.ts'

const AT_ONCE = 16
const MOST_PER_SECOND = 20
const IDLE_MS = 100

/**
 * Touches every open port that does not count touches, each about every 5 s, until the signal aborts. Never waits for
 * the end of the scan: real bans last from 15 s. Open touches become spans; everything else, and a connect that took a
 * second try, is an observation.
 */
export async function watch(scan: Scan, signal: AbortSignal): Promise<void> {
  const inTheAir = new Set<Known>()
  while (!signal.aborted) {
    const now = scan.world.clock.now()
    const next = inTheAir.size < AT_ONCE ? nextOf(scan, now, inTheAir) : undefined
    if (!next) {
      await rest(IDLE_MS, signal)
      continue
    }
    next.nextWatchAt = now + (next.state === 'shut' ? SHUT_EVERY_MS : scan.watchEveryMs)
    await scan.pace.take(signal)
    if (signal.aborted) return
    inTheAir.add(next)
    void watchOne(scan, next, signal).finally(() => inTheAir.delete(next))
    await rest(1000 / MOST_PER_SECOND, signal)
  }
}

function nextOf(scan: Scan, now: number, inTheAir: ReadonlySet<Known>): Known | undefined {
  let next: Known | undefined
  for (const known of scan.endpoints.all()) {
    const isDue =
      (known.state === 'open' || known.state === 'shut') &&
      !known.rationed &&
      !known.phantom &&
      known.nextWatchAt <= now &&
      !inTheAir.has(known)
    if (isDue && (!next || known.nextWatchAt < next.nextWatchAt)) next = known
  }
  return next
}

async function watchOne(scan: Scan, known: Known, signal: AbortSignal): Promise<void> {
  const { reporter, endpoints, output } = scan
  const seen = await lookTwice(scan, known, signal)
  if (seen === null || signal.aborted) return
  if (seen.sight === 'open') {
    const hasChanged = known.identity !== null && seen.identity !== undefined && seen.identity !== known.identity
    if (hasChanged) {
      reporter.add(seen)
      output.line('Watch', `${clockTime(seen.at)}  ${endpointText(known.target)}  answers, but as somebody else`)
    }
    known.identity = seen.identity ?? known.identity
    if (known.state === 'shut') {
      reporter.add(seen)
      output.line('Watch', `${clockTime(seen.at)}  ${endpointText(known.target)}  open again`)
    }
    endpoints.sawOpen(known, seen.at)
    if (limps(scan, known, seen)) await raiseLimp(scan, known)
    return
  }
  // While the endpoint is verified, an older touch of ours that times out is no news; nor is one that is still shut.
  if (known.state !== 'open') return
  reporter.add(seen)
  if (isLoss(seen.sight)) await doubt(scan, known, seen)
}

/** They take the connection at once and their time to speak: their silence is not that of a ban. */
const slowServices = new WeakSet<Known>()

/**
 * What a watching touch saw. While it meets silence a second look begins beside it: where that meets silence too the port is lost,
 * and nothing is left to say (null). A ban of 15 s leaves no time to wait for one timer after the other.
 */
async function lookTwice(scan: Scan, known: Known, signal: AbortSignal): Promise<Seen | null> {
  const first = look(scan, known)
  const early = await Promise.race([first, rest(SILENT_MS, signal)])
  if (early || signal.aborted || known.state !== 'open' || slowServices.has(known)) return first
  void first.then(({ connectMs }) => connectMs !== undefined && connectMs < SILENT_MS && slowServices.add(known))
  const again = await Promise.race([first, look(scan, known, AGAIN_TIMEOUT_MS)])
  if (again.sight !== 'unresponsive' || signal.aborted || known.state !== 'open') return first
  void first.then((seen) => isLoss(seen.sight) && scan.reporter.add(seen))
  await lose(scan, known, again)
  return null
}
