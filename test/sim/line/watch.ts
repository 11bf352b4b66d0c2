import { type Known, SHUT_EVERY_MS } from '../../../probe-node/scan/endpoints.ts'
import { limps, raiseLimp } from '../../../probe-node/scan/limp.ts'
import { AGAIN_TIMEOUT_MS, SILENT_MS, WATCH_TIMEOUT_MS } from '../../../probe-node/scan/losses.ts'
import type { Seen } from '../../../probe-node/touch.ts'
import { isLoss } from '../../../schema/words.ts'
import { doubt, lose } from './losses.ts'
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
    lookTwice(scanner, next, () => inTheAir.delete(next))
    queue.at(queue.now() + 1_000 / MOST_PER_SECOND, look)
  }
  look()
}

/** While a touch meets silence a second look begins beside it (probe-node/scan/watch.ts). */
function lookTwice(scanner: Scanner, known: Known, then: () => void): void {
  const { queue } = scanner.fleet
  let isOver = false
  const first: { seen: Seen | null } = { seen: null }
  scanner.touch(known.target, { purpose: 'watch', timeoutMs: WATCH_TIMEOUT_MS }, (seen) => {
    first.seen = seen
    if (isOver) return void (isLoss(seen.sight) && scanner.scan.reporter.add(seen))
    isOver = true
    then()
    watched(scanner, known, seen)
  })
  queue.at(queue.now() + SILENT_MS, () => {
    if (first.seen || scanner.isOver || known.state !== 'open') return
    scanner.touch(known.target, { purpose: 'watch', timeoutMs: AGAIN_TIMEOUT_MS }, (again) => {
      if (first.seen || again.sight !== 'unresponsive' || scanner.isOver || known.state !== 'open') return
      isOver = true
      then()
      lose(scanner, known, again)
    })
  })
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
