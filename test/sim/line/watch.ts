import { type Known, SHUT_EVERY_MS } from '../../../probe-node/scan/endpoints.ts'
import { limps, raiseLimp } from '../../../probe-node/scan/limp.ts'
import { WATCH_TIMEOUT_MS } from '../../../probe-node/scan/losses.ts'
import type { Seen } from '../../../probe-node/touch.ts'
import { isLoss } from '../../../schema/words.ts'
import { doubt } from './losses.ts'
import type { Scanner } from './scanner.ts'

const AT_ONCE = 16
const MOST_PER_SECOND = 20
const IDLE_MS = 100

/** The watch of probe-node/scan/watch.ts: each open port that does not count touches, about every 5 s. */
export function watch(scanner: Scanner): void {
  const { queue, without } = scanner.fleet
  if (without.watch === false) return
  const inTheAir = new Set<Known>()
  const look = () => {
    if (scanner.isOver) return
    const { scan } = scanner
    const now = scan.world.clock.now()
    const next = inTheAir.size < AT_ONCE ? nextOf(scan.endpoints.all(), now, inTheAir) : undefined
    if (!next) return void queue.at(queue.now() + IDLE_MS, look)
    next.nextWatchAt = now + (next.state === 'shut' ? SHUT_EVERY_MS : scan.watchEveryMs)
    inTheAir.add(next)
    scanner.touch(next.target, { purpose: 'watch', timeoutMs: WATCH_TIMEOUT_MS }, (seen) => {
      inTheAir.delete(next)
      watched(scanner, next, seen)
    })
    queue.at(queue.now() + 1_000 / MOST_PER_SECOND, look)
  }
  look()
}

function nextOf(all: readonly Known[], now: number, inTheAir: ReadonlySet<Known>): Known | undefined {
  let next: Known | undefined
  for (const known of all) {
    const isDue = known.nextWatchAt <= now && (known.state === 'open' || known.state === 'shut')
    if (!isDue || known.rationed || known.phantom || inTheAir.has(known)) continue
    if (!next || known.nextWatchAt < next.nextWatchAt) next = known
  }
  return next
}

function watched(scanner: Scanner, known: Known, seen: Seen): void {
  const { scan } = scanner
  if (seen.sight === 'open') {
    const hasChanged = known.identity !== null && seen.identity !== undefined && seen.identity !== known.identity
    if (hasChanged || known.state === 'shut') scan.reporter.add(seen)
    known.identity = seen.identity ?? known.identity
    scan.endpoints.sawOpen(known, seen.at)
    if (limps(scan, known, seen)) void raiseLimp(scan, known)
    return
  }
  if (known.state !== 'open') return
  scan.reporter.add(seen)
  if (isLoss(seen.sight)) doubt(scanner, known, seen)
}
