import type { Known } from '../../../probe-node/scan/endpoints.ts'
import { limits } from '../../../probe-node/scan/limits.ts'
import { limps, raiseLimp, stumbles } from '../../../probe-node/scan/limp.ts'
import { raise, WATCH_TIMEOUT_MS } from '../../../probe-node/scan/losses.ts'
import { type Stimulus, stimuliFor } from '../../../probe-node/scan/stimuli.ts'
import type { Service } from '../../../schema/words.ts'
import { isLoss } from '../../../schema/words.ts'
import type { Deed } from '../net/element.ts'
import { doubt } from './losses.ts'
import type { Scanner } from './scanner.ts'

const ENDPOINTS_AT_ONCE = 4
const TIMEOUT_MS = 4_000
const FAILURES = 2
const REFUSALS_KEPT = 40
const REFUSING: readonly number[] = [403, 406, 429, 503]
/** How long a limping endpoint that was let go may take to be seen open again. */
const BACK_MS = 5_000
const LOOK_MS = 50
/** Between two stimuli: names, sockets, and what else a process does. */
const STEP_MS = 20

/** The profile's stimuli on every open port, four ports at once; a lost endpoint gets none (probe-node/scan/engage.ts). */
export function engage(scanner: Scanner, then: () => void): void {
  const { scan, setting } = scanner
  const wanted = scan.endpoints.all().filter(({ phantom }) => !phantom)
  for (const known of wanted) known.planned = stimuliFor(setting.profile, known.target).length
  let active = 0
  let isDone = false
  const next = () => {
    while (active < ENDPOINTS_AT_ONCE && wanted.length > 0) {
      active++
      const known = wanted.shift() as Known
      engageOne(scanner, known, () => {
        active--
        next()
      })
    }
    if (active > 0 || isDone) return
    isDone = true
    then()
  }
  next()
}

function engageOne(scanner: Scanner, known: Known, over: () => void): void {
  const { scan, fleet, setting } = scanner
  const { queue } = fleet
  const limited = limits(scan, known)
  const stimuli = stimuliFor(setting.profile, known.target).values()
  let refusals = 0
  const next = () => void queue.at(queue.now() + STEP_MS, go)
  const go = () =>
    untilSure(scanner, known, () => {
      const isLost = scanner.isOver || known.state === 'lost' || known.state === 'shut'
      const { value: stimulus } = isLost ? { value: undefined } : stimuli.next()
      if (!stimulus) return over()
      const as = stimulus.kind === 'http' ? stimulus.as : null
      const errand = {
        purpose: 'engage' as const,
        timeoutMs: TIMEOUT_MS,
        deed: deedOf(stimulus, known.target.service),
        isEngagement: true,
      }
      scanner.touch(targetOf(known, stimulus), errand, (touched) => {
        const seen = as ? { ...touched, stimulus: as } : touched
        const { isLimit, isDue } = limited.after(seen)
        if (seen.sight === 'open') {
          if (!isLimit) {
            known.done += 1
            known.last = seen
          }
          known.failedRunning = 0
          if (known.state === 'open') scan.endpoints.sawOpen(known, seen.at)
          stumbles(scan, known, false)
          const isCompared = as === 'plain' || as === 'attack'
          const isRefused = as !== null && REFUSING.includes(seen.httpStatus ?? 0)
          if (isCompared || (isRefused && refusals++ < REFUSALS_KEPT)) scan.reporter.add(seen)
          if (fleet.without.watch === false) return next()
          if (isDue) return lookAtLimit(scanner, known, next)
          if (limps(scan, known, seen)) void raiseLimp(scan, known)
          return next()
        }
        scan.reporter.add(seen)
        if (isLoss(seen.sight)) {
          known.failedRunning += 1
          if (known.failedRunning >= FAILURES || seen.sight === 'notice' || seen.sight === 'page')
            doubt(scanner, known, seen)
          else if (stumbles(scan, known, true) && fleet.without.watch !== false) void raiseLimp(scan, known)
        }
        next()
      })
    })
  next()
}

/** As probe-node/scan/limp.ts waits: while the panel looks at an endpoint that was doubted, or limps. */
function untilSure(scanner: Scanner, known: Known, then: () => void, giveUpAt = Number.POSITIVE_INFINITY): void {
  const { scan, fleet } = scanner
  const now = fleet.queue.now()
  const again = (at: number) => fleet.queue.at(now + LOOK_MS, () => untilSure(scanner, known, then, at))
  if (!scanner.isOver && (known.state === 'doubted' || (known.limped && known.state === 'lost' && scan.hold)))
    return void again(giveUpAt)
  if (!scanner.isOver && known.limped && known.state === 'shut' && now < giveUpAt)
    return void again(Math.min(giveUpAt, now + BACK_MS))
  then()
}

/** As probe-node/scan/limits.ts looks: a plain touch while the limit holds; turned away too, it is told at once. */
function lookAtLimit(scanner: Scanner, known: Known, then: () => void): void {
  const { scan } = scanner
  if (known.state !== 'open') return void then()
  const errand = { purpose: 'engage' as const, timeoutMs: WATCH_TIMEOUT_MS, isEngagement: true }
  scanner.touch(known.target, errand, (seen) => {
    scan.reporter.add(seen)
    if (seen.sight === 'open') scan.endpoints.sawOpen(known, seen.at)
    else if (isLoss(seen.sight) && known.state === 'open' && seen.sight !== known.usual) {
      scan.endpoints.closeSpan(known)
      void raise(scan, [known])
    }
    then()
  })
}

const targetOf = ({ target }: Known, stimulus: Stimulus) =>
  stimulus.kind === 'tls'
    ? { ...target, check: 'tls' as const }
    : stimulus.kind === 'touch'
      ? { ...target, check: stimulus.check }
      : target

/** What a defence makes of it. */
function deedOf(stimulus: Stimulus, service: Service): Deed {
  switch (stimulus.kind) {
    case 'touch':
    case 'tls':
      return 'visit'
    case 'line':
      return service === 'smtp' ? 'early' : 'junk'
    case 'http':
      return stimulus.as === 'plain' ? 'visit' : stimulus.as === 'attack' ? 'attack' : 'odd'
  }
}
