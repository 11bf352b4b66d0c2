/** What of the target's side answered the scanner while it had lost a port: an outage of its own route lets nothing answer. */
import type { Span } from '../../schema/wire.ts'
import { wasAccepted } from '../../schema/words.ts'
import type { Case, Round } from './cases.ts'
import type { EndpointEvidence, Look, ScanEvidence } from './evidence.ts'

export const NOTHING: Answered = { by: [], ports: [], looks: [] }

/** Failures running: `from` the second to the start of the last the scanner surely had lost the port, which it last reached at `reachedAt`. */
interface Loss {
  from: number
  to: number
  reachedAt: number
}

/**
 * When the scanner surely had lost the port. What answers in the second in which an outage begins, between its end and a timer's, or while
 * the port is back was not reached in spite of it.
 */
function lossesOf({ rounds }: Case, { looks }: EndpointEvidence): Loss[] {
  const runs: number[][] = [[]]
  for (const { scanner } of rounds)
    if (scanner.failed) runs.at(-1)?.push(scanner.at)
    else runs.push([])
  const reached = looks.flatMap(({ role, failed, endAt }) => (role === 'scanner' && !failed ? [endAt] : []))
  return runs.flatMap((run) => {
    const [first, from] = run
    if (first === undefined || from === undefined) return []
    const reachedAt = reached.findLast((at) => at <= first) ?? first
    return [{ from, to: run.at(-1) as number, reachedAt }]
  })
}

/** Of a span the ends are touches; one that spans the stretch counts when its touches are close enough for some to lie within. */
const isTouchedIn = (span: Span, from: number, to: number): boolean =>
  [span.from, span.to].some((at) => at >= from && at <= to) ||
  (span.from < from && span.to > to && (span.to - span.from) / Math.max(1, span.touches - 1) < (to - from) / 4)

/** What of the target's side answered the scanner while it had lost a port. */
export interface Answered {
  by: readonly ('port' | 'refusal' | 'canary' | 'anchor')[]
  /** other ports of the address that went on answering */
  ports: readonly number[]
  /** observations that show it; that a port was watched without a failure is kept as a span and has none of its own */
  looks: readonly string[]
}

/**
 * Whether the target's side gave the scanner any answer while the port was lost to it: another port, a refusal, a cut, bytes, a live canary,
 * an anchor. An outage of the scanner's own route gives none; one in twenty is not shared by the sibling, so without an answer a silent loss stays likely. `unreachable` may come from any router on the way.
 */
export function answeredIn(
  one: Case,
  endpoint: EndpointEvidence,
  neighbours: readonly EndpointEvidence[],
  scan: ScanEvidence,
): Answered {
  const losses = lossesOf(one, endpoint)
  const isIn = (at: number, endAt: number) => losses.some(({ from, to }) => at >= from && endAt <= to)
  const within = (look: { role: string; at: number; endAt: number }) =>
    look.role === 'scanner' && isIn(look.at, look.endAt)
  const standing = neighbours.filter((other) => losses.some((loss) => standsBeside(loss, other)))
  const beside = standing.flatMap(({ looks }) => looks.filter((look) => within(look) && !look.failed))
  const isCanary = ({ observation: { purpose } }: Look) => purpose === 'canary'
  // A connection kept open is cut once, perhaps by whoever lets idle ones go, in a moment of a lossy way that lets that through.
  const own = endpoint.looks.filter(within)
  const refusals = own.filter(
    (look) => !isCanary(look) && look.sight !== 'open' && (wasAccepted(look.sight) || look.sight === 'closed'),
  )
  const canary = own.filter((look) => isCanary(look) && !look.failed)
  const anchors = scan.anchorLooks.filter((look) => within(look) && !look.failed)
  const by = [
    ...(standing.length > 0 ? (['port'] as const) : []),
    ...(refusals.length > 0 ? (['refusal'] as const) : []),
    ...(canary.length > 0 ? (['canary'] as const) : []),
    ...(anchors.length > 0 ? (['anchor'] as const) : []),
  ]
  const looks = [...refusals, ...canary, ...anchors, ...beside].map(({ id }) => id)
  return { by, ports: standing.map(({ port }) => port), looks }
}

/**
 * Another port of the address that the scanner reached while it failed here. One that was lost as well may only be back sooner: an outage
 * begins for all at once, and one failed look then is enough to doubt it.
 */
function standsBeside({ from, to, reachedAt }: Loss, other: EndpointEvidence): boolean {
  const beganToo = ({ role, failed, at }: Look) => role === 'scanner' && failed && at >= reachedAt && at < from
  const isLostToo = ({ scanner: { failed, at } }: Round) => failed && at >= from && at <= to
  if (other.looks.some(beganToo) || other.cases.some(({ rounds }) => rounds.some(isLostToo))) return false
  return (
    other.looks.some((look) => look.role === 'scanner' && !look.failed && look.at >= from && look.endAt <= to) ||
    other.spans.some((span) => isTouchedIn(span, from, to))
  )
}
