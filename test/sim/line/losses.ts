import type { Known } from '../../../probe-node/scan/endpoints.ts'
import { AGAIN_TIMEOUT_MS, raise, WATCH_TIMEOUT_MS } from '../../../probe-node/scan/losses.ts'
import type { Seen } from '../../../probe-node/touch.ts'
import { isLoss } from '../../../schema/words.ts'
import type { Errand } from './probe.ts'
import type { Scanner } from './scanner.ts'

const SCOPE_MOST = 20

/** Once more, and the other open ports beside it; what stays lost is told (probe-node/scan/losses.ts). */
export function doubt(scanner: Scanner, known: Known, first: Pick<Seen, 'sight'>): void {
  const { scan, fleet } = scanner
  if (known.state !== 'open' || first.sight === known.usual || scanner.isOver || fleet.without.watch === false) return
  known.state = 'doubted'
  scan.endpoints.closeSpan(known)
  const near = scan.endpoints
    .all()
    .filter((one) => one !== known && one.state === 'open' && !one.rationed && !one.phantom)
    .slice(0, SCOPE_MOST)
  scanner.touchAll([known, ...near], lookOf, (seen) => {
    const [again, ...beside] = seen as [Seen, ...Seen[]]
    scan.reporter.add(again)
    if (isLoss(again.sight)) {
      known.state = 'lost'
      known.limped = false
    } else {
      known.state = 'open'
      known.failedRunning = 0
      if (again.sight === 'open') scan.endpoints.sawOpen(known, again.at)
    }
    const isLost = known.state === 'lost'
    const lost = isLost ? [known] : []
    for (const [i, one] of near.entries()) {
      const seen = beside[i] as Seen
      scan.reporter.add(seen)
      if (seen.sight === 'open') scan.endpoints.sawOpen(one, seen.at)
      if (!isLoss(seen.sight) || one.state === 'lost') continue
      scan.endpoints.closeSpan(one)
      if (isLost) {
        one.state = 'lost'
        lost.push(one)
      } else doubt(scanner, one, seen)
    }
    if (lost.length > 0) void raise(scan, lost)
    if (isLost) askCounting(scanner, known)
  })
}

/** Silent twice at once: the alarm goes out, then the scope is looked at. */
export function lose(scanner: Scanner, known: Known, again: Seen): void {
  const { scan } = scanner
  scan.endpoints.closeSpan(known)
  scan.reporter.add(again)
  known.limped = false
  void raise(scan, [known])
  const near = scan.endpoints
    .all()
    .filter((one) => one !== known && one.state === 'open' && !one.rationed && !one.phantom)
    .slice(0, SCOPE_MOST)
  scanner.touchAll(near, lookOf, (seen) => {
    const lost = lostOf(scanner, near, seen)
    if (lost.length > 0) void raise(scan, lost)
  })
  askCounting(scanner, known)
}

/** Takes in one touch of each of these ports; gives those that it shows to be lost. */
function lostOf({ scan }: Scanner, ports: readonly Known[], seen: readonly Seen[]): Known[] {
  return ports.filter((one, i) => {
    const touched = seen[i] as Seen
    scan.reporter.add(touched)
    if (touched.sight === 'open') scan.endpoints.sawOpen(one, touched.at)
    const isLost = isLoss(touched.sight) && one.state === 'open'
    if (isLost) scan.endpoints.closeSpan(one)
    return isLost
  })
}

/** Services that count touches are not watched: they are asked when a neighbour is lost. */
function askCounting(scanner: Scanner, known: Known): void {
  const { scan } = scanner
  const counting = scan.endpoints
    .all()
    .filter((one) => one.rationed && one !== known && one.state === 'open' && !one.phantom)
  scanner.touchAll(counting, lookOf, (seen) => {
    const lost = lostOf(scanner, counting, seen)
    if (lost.length > 0) void raise(scan, lost)
  })
}

const lookOf = ({ rationed }: Known): Errand => ({
  purpose: rationed ? 'engage' : 'watch',
  isEngagement: rationed,
  timeoutMs: rationed ? WATCH_TIMEOUT_MS : AGAIN_TIMEOUT_MS,
})
