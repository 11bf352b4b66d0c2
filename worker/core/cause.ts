import type { Cause, CauseGuess, Evidence } from '../../schema/judgement.ts'
import type { CauseClass, Mechanism, VerdictWord } from '../../schema/words.ts'
import { ASK, CLASSES_OF, GENERIC, HYPOTHESES, LOOKALIKES } from './causes.ts'
import { cited } from './cited.ts'
import { FEATURES, type FeatureName, type Features } from './features.ts'
import { BASE, type Hypothesis } from './hypothesis.ts'
import { clock } from './text.ts'

/** Unseen combinations are never impossible. */
const FLOOR = 0.02
/** A mechanism is named when it is at least this much likelier than the next of its class; else the class's own word. */
const MARGIN = 2
/** Evidence of one feature is strong when it moves the odds by this much. */
const TELLING = 1.5

/**
 * The score takes features for independent, which they are not, and spreads its mass over names that one reader would not
 * tell apart: so it says less than it knows. The exponent brings what is stated near what was true, over the
 * labelled runs of the simulator (`npm run sim`, its table of confidence) and the laboratory.
 */
const SHARPNESS = 5
const CERTAIN = 0.99
const calibrated = (share: number): number => Math.min(CERTAIN, 1 - (1 - share) ** SHARPNESS)

/** A best cause that something seen speaks clearly against is at most this sure: it may be one we do not know. */
const MISFIT = 0.5
const SURPRISE = 0.08
/** Nor is a class surer that has less than half of the belief: the names of the others share what is against it. */
const MOSTLY = 0.5
/** Where no name stands out the class's share is all there is: narrowly ahead by names that match loosely, it is a guess. */
const NARROWLY = 0.6
const LOOSE = 0.2
/** Of a class that is said without a name, those with this part of its share may be meant. */
const MEANT = 0.1
/** No feature is far less likely under this cause than what the cause most expects. */
const fits = (hypothesis: Hypothesis, features: Features): boolean =>
  fitsOf(hypothesis, features).every((fit) => fit >= SURPRISE)

const matchOf = (hypothesis: Hypothesis, features: Features): number =>
  fitsOf(hypothesis, features).reduce((product, fit) => product * Math.min(1, fit), 1)

/** For each feature how likely what was seen is under a cause, as a share of what the cause most expects. */
const fitsOf = (hypothesis: Hypothesis, features: Features): number[] =>
  (Object.keys(features) as FeatureName[]).map((name) => {
    const table = (hypothesis.expects[name] ?? BASE[name]) as Record<string, number> | undefined
    if (!table) return 1
    const stated = Object.values(table)
    // A feature with one value is seen or not: what is left over expects that it is not.
    const unseen = FEATURES[name].length === 1 ? 1 - stated.reduce((sum, p) => sum + p, 0) : 0
    return likelihood(hypothesis, name, features[name]?.value as string) / Math.max(unseen, ...stated)
  })

/**
 * A host that falls silent to all of us is down, or bans our whole fleet: nobody of us can see which. Nor whether some of its
 * ports were shut to all or dropped by what gave way for good, which is seen only when it gives way in part. Lost neighbours tell.
 */
const cannotBeTold = (verdict: VerdictWord, leading: CauseClass, { mode, area, neighbour }: Features): boolean =>
  verdict === 'service_down' &&
  mode?.value === 'silent' &&
  (area?.value === 'all' || (area?.value !== 'one' && leading !== 'overload')) &&
  neighbour?.value !== 'lost'

/**
 * A front that refuses by 502, as Google Cloud Armor can, and a backend that fails for this address alone: Q5 of 5.3. Nor is it surely a
 * backend that serves a page which says nothing of itself.
 */
const mayBeEither = (verdict: VerdictWord, leading: CauseClass, { page }: Features): boolean =>
  verdict === 'app_blocked' && (page?.value === 'gateway' || (page?.value === 'other' && leading === 'load_balancer'))

/** Slow touches that tell a ban from a limit which the scan's own work at other ports keeps empty. */
const SLOW_ENOUGH = 3

/**
 * A limit lets in what comes when there is room, a ban nothing until it ends. A loss without a word of which nobody asked fast and slowly
 * showed neither: a limit is not firm there when it was short, nor is a silent ban of less than the whole host, unless it froze the
 * kept connection too, which limits leave alone.
 */
function isNotTried(verdict: VerdictWord, leading: CauseClass, features: Features): boolean {
  const { mode, area, burst, slow, flicker, amid, company, canary, away } = features
  if (verdict !== 'interfered') return false
  const isWordless = mode !== undefined && ['silent', 'refused', 'unreachable'].includes(mode.value)
  const isShown = burst?.value === 'limited' || slow?.value === 'passes'
  // Two losses in a row flicker as well.
  const isOneLoss = leading === 'ddos_protection' && away?.value === 'under_30s'
  const isLimit = isShown || (flicker?.value === 'now_and_then' && !isOneLoss)
  if (!isWordless || isLimit || amid || company) return false
  const isLong = away !== undefined && away.value !== 'under_30s'
  if (leading === 'ddos_protection') return away?.value === 'under_30s' || (mode.value === 'silent' && !isLong)
  const isSlow = slow !== undefined && (!isLong || slow.looks.length >= SLOW_ENOUGH)
  const isBan = burst !== undefined || isSlow || area?.value === 'all' || canary?.value === 'frozen'
  return leading === 'ips' && mode.value === 'silent' && !isBan
}

/** One ban lets none of a host's ports go before the others; and a mail service that is slow to greet is as silent as a filter. */
const isNoFilter = (leading: CauseClass, { mode, service, amid, company }: Features, isPatchy: boolean): boolean =>
  leading === 'ips' &&
  ((mode?.value === 'mute' && service?.value === 'mail') || (mode?.value === 'silent' && isPatchy && !amid && !company))

/** What is left to the alternatives, in their proportions. */
function scaled(guesses: readonly CauseGuess[], stated: number): CauseGuess[] {
  const sum = guesses.reduce((all, { confidence }) => all + confidence, 0)
  const factor = sum > 0 ? Math.min(1, (1 - stated) / sum) : 1
  return guesses.map((guess) => ({ ...guess, confidence: round3(guess.confidence * factor) }))
}

/** Mechanisms that answer by a page, which can name its maker. */
const ANSWERED: readonly Mechanism[] = ['cdn_waf', 'http_rate_limit', 'http_block_page', 'modsecurity']

export interface CauseContext {
  source: string
  lostAt: number | null
  vendor: string | null
  /** a port of the host was lost to the scanner and reached again while another was still lost */
  isPatchy: boolean
}

interface Scored {
  hypothesis: Hypothesis
  /** posterior, normalised over the hypotheses that the verdict allows */
  share: number
}

/**
 * Evidence → ranked causes: a log-linear score over the features, normalised (detection-science.md 4.5). A mechanism that
 * works in several ways has a hypothesis for each; their shares add up. `hypotheses` is for trials that leave some out.
 */
export function causeOf(
  verdict: VerdictWord,
  features: Features,
  context: CauseContext,
  hypotheses: readonly Hypothesis[] = HYPOTHESES,
): { cause: Cause | null; evidence: Evidence[] } {
  const allowed = CLASSES_OF[verdict]
  const scored = posterior(
    hypotheses.filter((one) => allowed.includes(one.class) && (!one.only || features[one.only])),
    features,
  )
  const best = scored[0]
  if (!best) return { cause: null, evidence: [] }

  const byClass = new Map<CauseClass, number>()
  for (const { hypothesis, share } of scored)
    byClass.set(hypothesis.class, (byClass.get(hypothesis.class) ?? 0) + share)
  const [leading, classShare] = [...byClass.entries()].toSorted(([, a], [, b]) => b - a)[0] as [CauseClass, number]
  const within = scored.filter(({ hypothesis }) => hypothesis.class === leading)
  const { mechanism, confidence } = nameOf(leading, within, classShare, best.share)
  const foremost = within[0]?.hypothesis ?? best.hypothesis
  const isNamed = mechanism !== null && mechanism !== GENERIC[leading]
  // Where the class alone is said it is enough that one of those that may be meant fits.
  const meant = isNamed ? [foremost] : within.flatMap((one) => (one.share >= MEANT * classShare ? one.hypothesis : []))
  const isOpen =
    !meant.some((one) => fits(one, features)) ||
    classShare < MOSTLY ||
    (!isNamed && classShare < NARROWLY && matchOf(foremost, features) < LOOSE) ||
    cannotBeTold(verdict, leading, features) ||
    mayBeEither(verdict, leading, features) ||
    isNotTried(verdict, leading, features) ||
    isNoFilter(leading, features, context.isPatchy)
  const stated = isOpen ? Math.min(MISFIT, calibrated(confidence)) : calibrated(confidence)
  const alternatives = alternativesTo(mechanism, leading, scored)
  const ask = ASK[leading]
  return {
    cause: {
      class: leading,
      mechanism,
      vendor: mechanism !== null && ANSWERED.includes(mechanism) ? context.vendor : null,
      confidence: round2(stated),
      alternatives: scaled(alternatives, stated),
      indistinguishable: mechanism ? lookalikes(mechanism, scored) : [],
      askOwner:
        ask && context.lostAt !== null
          ? ask.replace('{source}', context.source).replace('{time}', clock(context.lostAt))
          : null,
    },
    evidence: evidenceFor(within[0]?.hypothesis ?? best.hypothesis, rival(leading, scored), features),
  }
}

function posterior(hypotheses: readonly Hypothesis[], features: Features): Scored[] {
  const scores = hypotheses.map((hypothesis) => Math.log(hypothesis.prior) + logLikelihood(hypothesis, features))
  const top = Math.max(...scores)
  const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0)
  const ranked = hypotheses
    .map((hypothesis, i) => ({ hypothesis, share: Math.exp((scores[i] as number) - top) / total }))
    .toSorted((a, b) => b.share - a.share)
  const merged = new Map<string, Scored>()
  for (const one of ranked) {
    const key = `${one.hypothesis.class}/${one.hypothesis.mechanism}`
    const same = merged.get(key)
    if (same) same.share += one.share
    else merged.set(key, { ...one })
  }
  return [...merged.values()].toSorted((a, b) => b.share - a.share)
}

function logLikelihood(hypothesis: Hypothesis, features: Features): number {
  const logs = logsOf(hypothesis)
  let sum = 0
  for (const name of Object.keys(features) as FeatureName[])
    sum += logs[name][features[name]?.value as string] as number
  return sum
}

type Logs = Record<FeatureName, Record<string, number>>
const known = new WeakMap<Hypothesis, Logs>()

/** The logarithm of each likelihood of a hypothesis: worked out once, the tables do not change. */
function logsOf(hypothesis: Hypothesis): Logs {
  const logs = known.get(hypothesis) ?? takeLogs(hypothesis)
  known.set(hypothesis, logs)
  return logs
}

const takeLogs = (hypothesis: Hypothesis): Logs =>
  Object.fromEntries(
    (Object.keys(FEATURES) as FeatureName[]).map((name) => [
      name,
      Object.fromEntries(FEATURES[name].map((value) => [value, Math.log(likelihood(hypothesis, name, value))])),
    ]),
  ) as Logs

/** P(value | cause). Mass that the table leaves over is spread over its other values; without a table all are alike. */
export function likelihood(hypothesis: Hypothesis, name: FeatureName, value: string): number {
  const table = (hypothesis.expects[name] ?? BASE[name]) as Record<string, number> | undefined
  const values = FEATURES[name].length
  if (!table) return 1 / values
  const stated = table[value]
  if (stated !== undefined) return Math.max(FLOOR, stated)
  const rest = 1 - Object.values(table).reduce((sum, p) => sum + p, 0)
  return Math.max(FLOOR, rest / Math.max(1, values - Object.keys(table).length))
}

function nameOf(leading: CauseClass, within: readonly Scored[], classShare: number, best: number) {
  const [first, second] = within
  // A name that another class's mechanism beats would read as a contradiction: then the class is all that is said.
  const isBest = first !== undefined && first.share >= best
  const clear = isBest && (!second || first.share >= MARGIN * second.share)
  if (clear) return { mechanism: first.hypothesis.mechanism, confidence: first.share }
  const generic = GENERIC[leading]
  // Without a word of its own for "one of these" the class alone is the answer.
  return { mechanism: generic ?? null, confidence: classShare }
}

function alternativesTo(mechanism: Mechanism | null, leading: CauseClass, scored: readonly Scored[]): CauseGuess[] {
  const seen = new Set<string>()
  const guesses: CauseGuess[] = []
  for (const { hypothesis, share } of scored) {
    if (hypothesis.mechanism === mechanism && mechanism !== null) continue
    const key = `${hypothesis.class}/${hypothesis.mechanism}`
    if (seen.has(key) || share < 0.002) continue
    seen.add(key)
    guesses.push({ class: hypothesis.class, mechanism: hypothesis.mechanism, confidence: share })
  }
  const three = guesses.slice(0, 3)
  // The strongest of the other classes is worth a place, however weak: it asks for another remedy.
  const other = guesses.find((guess) => guess.class !== leading)
  if (other && !three.includes(other)) three[Math.min(2, three.length)] = other
  return three
}

const rival = (leading: CauseClass, scored: readonly Scored[]): Hypothesis | undefined =>
  scored.find(({ hypothesis }) => hypothesis.class !== leading)?.hypothesis

function lookalikes(mechanism: Mechanism, scored: readonly Scored[]): Mechanism[] {
  const alike = LOOKALIKES.filter((group) => group.includes(mechanism)).flat()
  const plausible = new Set(scored.filter(({ share }) => share >= 0.03).map(({ hypothesis }) => hypothesis.mechanism))
  return [...new Set(alike)].filter((other) => other !== mechanism && plausible.has(other))
}

/** What is so nearly always: it weighs, but is not worth a line. */
const SAYS_NOTHING = new Set(['platform none', 'flicker never', 'speed steady', 'content any'])

/** One line for each feature that moves the odds between the leading cause and the strongest of another class. */
function evidenceFor(leading: Hypothesis, other: Hypothesis | undefined, features: Features): Evidence[] {
  const lines: Evidence[] = []
  for (const name of Object.keys(features) as FeatureName[]) {
    const seen = features[name]
    if (!seen || name === 'service' || name === 'onset' || SAYS_NOTHING.has(`${name} ${seen.value}`)) continue
    const own = likelihood(leading, name, seen.value)
    const theirs = other ? likelihood(other, name, seen.value) : 1 / FEATURES[name].length
    const odds = own / theirs
    if (odds < TELLING && odds > 1 / TELLING && own < 0.5) continue
    lines.push(
      cited({ rule: seen.rule, supports: odds >= 1 / TELLING, text: seen.text, observations: [...seen.looks] }),
    )
  }
  return lines
}

const round2 = (x: number): number => Math.round(x * 100) / 100
const round3 = (x: number): number => Math.round(x * 1_000) / 1_000
