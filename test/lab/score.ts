/** What the product said of a run against what is true of it; and the figures over many runs. Pure. */
import type { PortAnswer, ScanAnswer } from '../../schema/api.ts'
import { RATIONED, SELECTIVE_VERDICTS } from '../../schema/words.ts'
import type { Scenario } from './scenario.ts'

export interface Judged {
  /** each endpoint that the scenario is about has a right verdict */
  verdictRight: boolean
  /** endpoints that were called selectively shut and are not */
  falseClaims: readonly string[]
  /** endpoints with any other wrong verdict */
  wrong: readonly string[]
  /** none of the scenario's endpoints got a verdict or a cause */
  abstained: boolean
  /** null where the scenario says nothing of the cause, or the verdict was wrong already */
  classRight: boolean | null
  mechanismFirst: boolean | null
  mechanismWithinThree: boolean | null
  /** of the named cause, one for each endpoint: how sure, and whether it was right */
  confidences: readonly { confidence: number; right: boolean }[]
  /** from the first loss, for the endpoint that took longest; null without such a verdict */
  fastSeconds: number | null
  confirmedSeconds: number | null
  /** connects to the dearest lost endpoint */
  connects: number
  /** the same for each endpoint whose service does not count touches */
  unrationed: readonly { fastSeconds: number | null; confirmedSeconds: number | null; connects: number }[]
  /** the first endpoint whose cause is wrong, in words */
  unnamed: string | null
  /** the endpoint to show: the first one that is wrong, else the scenario's first */
  shown: PortAnswer | null
}

const HARMLESS = ['open', 'transient', 'phantom']
/** Where one endpoint of several is enough, another may be left open: no claim, and counted as an abstention. */
const UNNAMED = [...HARMLESS, 'inconclusive']

export function judge(scenario: Scenario, scan: ScanAnswer): Judged {
  const { expect } = scenario
  const about = (port: PortAnswer) => port.address === scan.address && expect.ports.includes(port.port)
  const fits = (port: PortAnswer) =>
    about(port)
      ? expect.verdicts.includes(port.verdict) || (expect.some === true && UNNAMED.includes(port.verdict))
      : HARMLESS.includes(port.verdict) || (expect.others ?? []).includes(port.verdict)
  const ours = expect.ports.map((port) => scan.ports.find((one) => one.port === port))
  const known = ours.filter((port) => port !== undefined)
  const isHit = (port: PortAnswer | undefined) => port !== undefined && expect.verdicts.includes(port.verdict)
  const mayBeOpen = expect.verdicts.length === 0 || expect.verdicts.some((word) => HARMLESS.includes(word))
  const missing = !mayBeOpen && (expect.some ? !ours.some(isHit) : ours.some((port) => port === undefined))
  const bad = scan.ports.filter((port) => !fits(port))
  const verdictRight = !missing && known.every(fits)
  const named = known.filter((port) => fits(port) && !UNNAMED.includes(port.verdict))
  const asks = expect.classes.length > 0 && named.length > 0 && verdictRight
  const right = (port: PortAnswer) => isIn(port.cause?.mechanism, expect.mechanisms) || onlyClass(scenario, port)
  const misnamed = asks ? named.find((port) => !right(port)) : undefined
  return {
    verdictRight,
    falseClaims: bad.filter((port) => SELECTIVE_VERDICTS.includes(port.verdict)).map(textOf),
    wrong: [
      ...bad.filter((port) => !SELECTIVE_VERDICTS.includes(port.verdict)).map(textOf),
      ...(missing
        ? [`none is ${expect.verdicts.join(' or ')}: ${known.map(textOf).join(', ') || 'no such port'}`]
        : []),
    ],
    abstained: known.some((port) => port.verdict === 'inconclusive' || port.cause?.class === 'unexplained'),
    classRight: asks ? named.every((port) => isIn(port.cause?.class, expect.classes)) : null,
    mechanismFirst: asks ? named.every(right) : null,
    mechanismWithinThree: asks
      ? named.every((port) => right(port) || candidates(port).some((word) => isIn(word, expect.mechanisms)))
      : null,
    confidences: asks
      ? named.flatMap((port) => (port.cause ? [{ confidence: port.cause.confidence, right: right(port) }] : []))
      : [],
    fastSeconds: longest(known, (port) => port.fastAt),
    confirmedSeconds: longest(known, (port) => port.confirmedAt),
    connects: Math.max(0, ...known.map((port) => port.connects)),
    unrationed: known
      .filter((port) => port.lostAt && port.connects > 0 && !RATIONED.includes(port.service))
      .map((port) => ({
        fastSeconds: longest([port], (one) => one.fastAt),
        confirmedSeconds: longest([port], (one) => one.confirmedAt),
        connects: port.connects,
      })),
    unnamed: misnamed ? textOf(misnamed) : null,
    shown: bad[0] ?? misnamed ?? known[0] ?? null,
  }
}

const isIn = <T>(word: T | null | undefined, words: readonly T[]): boolean =>
  word !== null && word !== undefined && words.includes(word)
/** A scenario without mechanisms asks for the class alone. */
const onlyClass = ({ expect }: Scenario, { cause }: PortAnswer): boolean =>
  expect.mechanisms.length === 0 && isIn(cause?.class, expect.classes)
const candidates = ({ cause }: PortAnswer) => (cause?.alternatives ?? []).slice(0, 2).map((guess) => guess.mechanism)
export const textOf = ({ port, verdict, strength, cause }: PortAnswer): string =>
  `${port} ${verdict}${strength ? ` ${strength}` : ''}${cause ? ` ${cause.class}/${cause.mechanism}` : ''}`

function longest(ports: readonly PortAnswer[], at: (port: PortAnswer) => string | null): number | null {
  const spans = ports.flatMap((port) => {
    const then = at(port)
    return then && port.lostAt ? [(Date.parse(then) - Date.parse(port.lostAt)) / 1_000] : []
  })
  return spans.length > 0 ? Math.max(...spans) : null
}

/** `0.97 [0.89, 0.99] 58/60`: a share with Wilson's interval at 95 %. */
export function share(right: number, all: number): string {
  if (all === 0) return 'none'
  const z = 1.96
  const p = right / all
  const centre = p + z ** 2 / (2 * all)
  const spread = z * Math.sqrt((p * (1 - p)) / all + z ** 2 / (4 * all ** 2))
  const bound = (sign: number) => Math.abs((centre + sign * spread) / (1 + z ** 2 / all)).toFixed(3)
  return `${p.toFixed(3)} [${bound(-1)}, ${bound(1)}] ${right}/${all}`
}

export interface Calibration {
  /** expected calibration error over ten bins of equal width */
  ece: number
  brier: number
  count: number
}

export function calibration(claims: readonly { confidence: number; right: boolean }[]): Calibration {
  const count = claims.length
  if (count === 0) return { ece: 0, brier: 0, count }
  const bins = Array.from({ length: 10 }, (_, i) =>
    claims.filter(({ confidence }) => Math.min(9, Math.floor(confidence * 10)) === i),
  )
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const ece = bins
    .filter((bin) => bin.length > 0)
    .reduce((sum, bin) => {
      const gap = mean(bin.map(({ confidence }) => confidence)) - mean(bin.map(({ right }) => Number(right)))
      return sum + (bin.length / count) * Math.abs(gap)
    }, 0)
  return { ece, brier: mean(claims.map(({ confidence, right }) => (confidence - Number(right)) ** 2)), count }
}
