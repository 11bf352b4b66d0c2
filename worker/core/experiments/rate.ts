/**
 * E4, rate: many connects at once, then slow touches. A ban stops both, loss takes its share of both, a limiter only of
 * the burst (detection-science.md 4.5: success = min(1, L/rate)).
 */
import { refuses } from '../../../schema/words.ts'
import type { Case, EndpointEvidence, Look } from '../evidence.ts'
import { asksOf, type Swept } from '../swept.ts'
import { type Arm, armsE, roundE } from '../tests.ts'
import { number } from '../text.ts'
import { isSlow, limped, quickestOf } from './limp.ts'

/**
 * What counts as going badly. told: an answer that loss does not make; a slow handshake is the way's then. late: failed, or
 * got in by a later SYN; the sharper one where little is lost. lost: failed; on a path that loses every fifth packet a
 * third of all handshakes is late, but hardly one fails.
 */
export type Grade = 'told' | 'late' | 'lost'

/** What the bursts and the touches around them say. */
export interface RateTest {
  grade: Grade
  /** the search for ports that went on amid the bursts; null where they stood for themselves */
  swept: Swept | null
  /** how many ports of the host it was read from */
  ports: number
  /** connects of the first burst: at once, after a second SYN, refused by a page or failed */
  burst: { connects: number; prompt: number; late: number; failed: number }
  /** of one first burst some got in at once, or few late and no fewer not at all: one outage has all of a burst alike, until it ends for all */
  isUneven: boolean
  /** all of both bursts */
  bursts: Arm
  /** the second burst, made to see whether the first was a matter of that moment; null before it */
  again: Arm | null
  /** of both bursts, what got in after the first had begun to fail: a limit lets in now and then, a ban that a burst drew does not */
  seeped: number
  /** into each of the two bursts a few got late, amid more that did not: an outage ends for all of them at once, loss takes no such share */
  seepedTwice: boolean
  /** touches on the same path at slow pace: the scanner's, eight and more seconds apart, and the sibling's */
  slow: Arm
  /** the scanner's slow touches since the first burst: before it the scan's own work may have used up what passes */
  own: Arm
  /** the same touches; bad are only those that failed: a slow handshake got through all the same */
  slowFailed: Arm
  /** those of them that the scanner made after the bursts: a burst may draw a ban */
  after: Arm
  /** rounds before the bursts in which the scanner was turned away, and let in by the next: no ban of a burst made those */
  flickered: number
  /** touches by the others within the burst's second */
  beside: Arm
  /** those and the sibling's slow ones: if any of them go badly it is not a limit on the scanner that makes them */
  others: Arm
  /** e-value of "loss: burst and slow touches go badly alike" */
  eRate: number
  /** the same with `own` alone: the scanner's way may lose more than its sibling's */
  eOwn: number
  /** e-value of "all are treated alike": the rounds, with slow handshakes counted, times the burst against those beside it */
  eAlone: number
  /** amid a search for ports: e-value of "what shares the scanner's way is treated as the scanner"; null without a sibling there */
  eSibling: number | null
  /** new connections a second that pass: not less than the first, not more than the second; null when nothing was limited */
  limitPerSecond: readonly [number, number] | null
  /** most of what went badly was an answer that loss does not make: a page, a notice, a refusal, a cut */
  isTold: boolean
  siblingBeside: boolean
  witnessesBeside: number
  /** the first sign of the limit, in milliseconds */
  from: number
  /** when the last of it was known */
  knownAt: number
  /** the burst's looks, then those beside it, then the slow ones */
  looks: { burst: readonly string[]; beside: readonly string[]; slow: readonly string[] }
}

/** Touches of one burst are not further apart. */
const BURST_MS = 1_500
const SLOW_GAP_MS = 7_000
/** A burst of fewer connects says nothing. */
const LEAST = 8
/** So long at least the scan waits for slow touches after the bursts; where loss makes them more, longer. */
const REST_MS = 45_000
/** Time in which the kernel's second and third SYN may get in. */
const WINDOW_S = 3

/**
 * The looks of E4 by the scanner as bursts, in order of time; single touches (the slow arm) are left out. What was asked amid the search for
 * ports answers for the search: bursts from before it stopped asked something else.
 */
function burstsOf({ looks, swept, cases }: EndpointEvidence): Look[][] {
  const bursts: Look[][] = []
  for (const look of looks) {
    if (look.role !== 'scanner' || look.observation.experiment !== 'E4') continue
    const last = bursts.at(-1)
    if (last && look.at - (last[0] as Look).at <= BURST_MS) last.push(look)
    else bursts.push([look])
  }
  const from = swept && cases.some((one) => asksOf(swept, one)) ? swept.at : Number.NEGATIVE_INFINITY
  return bursts.filter((burst) => burst.length >= LEAST && (burst[0] as Look).at >= from)
}

/** Grades of what says nothing, of which one may be chosen: both are tried. */
export const SILENT_GRADES = ['late', 'lost'] as const
/** Their weights: of e-values a weighted mean is one, and no less than its larger share. Late tells more often. */
const WEIGHTS: Record<Grade, number> = { told: 1, late: 0.75, lost: 0.25 }
/** A reading at its share of that mean: the price of the choice. */
export const priced = <T extends { grade: Grade; eRate: number; eOwn: number; eAlone: number }>(test: T): T => ({
  ...test,
  eRate: test.eRate * WEIGHTS[test.grade],
  eOwn: test.eOwn * WEIGHTS[test.grade],
  eAlone: test.eAlone * WEIGHTS[test.grade],
})
/** Of two readings the one whose weaker half says more. */
export const clearer = <T extends { eRate: number; eAlone: number }>(a: T, b: T): T =>
  Math.min(b.eRate, b.eAlone) > Math.min(a.eRate, a.eAlone) ? b : a

/** Reads E4 of an endpoint; null before the first burst is in. `one`: the case whose rounds it follows. */
export function rateTest(endpoint: EndpointEvidence, one: Case | null): RateTest | null {
  const bursts = burstsOf(endpoint)
  if (bursts.length === 0) return null
  if (wasTold(bursts)) return readAs('told', endpoint, one, bursts)
  const [late, lost] = SILENT_GRADES.map((grade) => readAs(grade, endpoint, one, bursts))
  return late && lost ? clearer(priced(late), priced(lost)) : null
}

/** E4 of an endpoint by one grade; null where there is none, or where the limit told in words. */
export function silentTest(endpoint: EndpointEvidence, grade: Grade): RateTest | null {
  const bursts = burstsOf(endpoint)
  return wasTold(bursts) ? null : readAs(grade, endpoint, endpoint.cases.at(-1) ?? null, bursts)
}

function wasTold(bursts: readonly Look[][]): boolean {
  const all = bursts.slice(0, 2).flat()
  return all.filter(({ sight }) => TELLING.includes(sight)).length * 2 > all.length
}

function readAs(
  grade: Grade,
  endpoint: EndpointEvidence,
  one: Case | null,
  [first, second]: readonly Look[][],
): RateTest | null {
  if (!first) return null
  const quickest = quickestOf(endpoint)
  const isBad = (look: Look) =>
    ({ told: TELLING.includes(look.sight), late: limped(look, quickest), lost: look.failed })[grade]
  const bad = (looks: readonly Look[]): Arm => ({ bad: looks.filter(isBad).length, n: looks.length })
  const failing = (looks: readonly Look[]): Arm => ({
    bad: looks.filter((look) => look.failed).length,
    n: looks.length,
  })
  const burstAt = (first[0] as Look).at
  const beside = endpoint.looks.filter(
    ({ role, at, observation }) =>
      role !== 'scanner' &&
      observation.experiment === 'E4' &&
      [first, second].some((burst) => burst && Math.abs(at - (burst[0] as Look).at) <= 2 * BURST_MS),
  )
  const all = [...first, ...(second ?? [])]
  // From the next case on the scan is at work again, and may use up what passes; while the slow touches are made it rests.
  const restEnd = Math.max(...all.map(({ endAt }) => endAt)) + REST_MS
  const until = endpoint.cases.find(({ startAt }) => startAt > restEnd)?.startAt ?? Number.POSITIVE_INFINITY
  const slow = slowArm(endpoint).filter(({ at }) => at < until)
  const { prompt, late, failed } = passedOf(first, quickest)
  const known = [...all, ...beside, ...slow]
  const siblings = beside.filter(({ role }) => role === 'sibling')
  const swept = endpoint.swept && burstAt >= endpoint.swept.at ? endpoint.swept : null
  const before = (one?.rounds ?? []).filter(({ at }) => at < burstAt).map(({ scanner }) => scanner)
  const own = bad(slow.filter(({ role, at }) => role === 'scanner' && at > (first.at(-1) as Look).at))
  return {
    grade,
    swept,
    ports: 1,
    burst: { connects: first.length, prompt, late, failed },
    isUneven: prompt > 0 || seeps({ late, failed }),
    bursts: bad(all),
    again: second ? bad(second) : null,
    seeped: late + (second ?? []).filter((look) => !look.failed).length,
    seepedTwice: second !== undefined && haveSeeped([first, second], quickest),
    slow: bad(slow),
    own,
    slowFailed: failing(slow),
    after: failing(slow.filter(({ role, at }) => role === 'scanner' && at > (all.at(-1) as Look).at)),
    flickered: before.filter((look, i) => TELLING.includes(look.sight) && before[i + 1]?.failed === false).length,
    beside: bad(beside),
    others: bad([...beside, ...slow.filter(({ role }) => role === 'sibling')]),
    eRate: armsE(bad(all), bad(slow)),
    eOwn: armsE(bad(all), own),
    eAlone: ((1 + walkedE(one, isBad).now) / 2) * armsE(bad(all), bad(beside)),
    eSibling: swept && siblings.length > 0 ? armsE(bad(all), bad(siblings)) : null,
    limitPerSecond: late + failed === 0 ? null : swept ? [swept.passed, swept.passed] : limitOf(first, prompt, late),
    isTold: grade === 'told',
    siblingBeside: siblings.length > 0,
    witnessesBeside: beside.filter(({ role }) => role === 'witness').length,
    from: swept?.at ?? firstSign(endpoint) ?? burstAt,
    knownAt: Math.max(...known.map(({ endAt }) => endAt)),
    looks: {
      burst: all.map(({ id }) => id),
      beside: beside.map(({ id }) => id),
      slow: slow.filter(({ observation }) => observation.purpose !== 'baseline').map(({ id }) => id),
    },
  }
}

/** How many of a burst got in at once, by a later SYN, and not at all. */
function passedOf(burst: readonly Look[], quickest: ReadonlyMap<string, number>) {
  const late = burst.filter((look) => isSlow(look, quickest)).length
  const failed = burst.filter((look) => look.failed).length
  return { prompt: burst.length - late - failed, late, failed }
}

/** Some of a burst got in by later SYNs and no fewer not at all. */
const seeps = ({ late, failed }: { late: number; failed: number }): boolean => late > 0 && failed >= late

/** Each burst let some seep in; of all together more did not get in. */
function haveSeeped(bursts: readonly Look[][], quickest: ReadonlyMap<string, number>): boolean {
  const told = bursts.map((burst) => passedOf(burst, quickest))
  const sum = (name: 'late' | 'failed') => told.reduce((all, one) => all + one[name], 0)
  return told.every(seeps) && sum('failed') > sum('late')
}

/** Touches at no pace to speak of, on the scanner's path. The watch is left out: only what went badly there is stored. */
function slowArm({ looks }: EndpointEvidence): Look[] {
  let before = Number.NEGATIVE_INFINITY
  return looks.filter(({ role, at, observation: { purpose } }) => {
    if (role === 'sibling') return true
    if (role !== 'scanner' || (purpose !== 'verify' && purpose !== 'explain')) return false
    const gap = at - before
    before = at
    return gap >= SLOW_GAP_MS
  })
}

/** The test of 4.3 (b) over the rounds, a slow handshake counted as a failure: a product of e-values. */
export const roundsE = (one: Case | null, endpoint: EndpointEvidence): number => walkedE(one, limpedFor(endpoint)).now

/** In the rounds the scanner alone went badly, by more than chance makes of them at a moment of choice. */
export const wentAlone = (one: Case | null, endpoint: EndpointEvidence): boolean =>
  walkedE(one, limpedFor(endpoint)).most >= WORTH_E

function limpedFor(endpoint: EndpointEvidence): (look: Look) => boolean {
  const quickest = quickestOf(endpoint)
  return (look) => limped(look, quickest)
}

/** That test as it stands now, and the most that it ever said. */
function walkedE(one: Case | null, isBad: (look: Look) => boolean): { now: number; most: number } {
  let now = 1
  let most = 1
  for (const { scanner, others } of one?.rounds ?? []) {
    const failing = others.filter(isBad).length + Number(isBad(scanner))
    now *= roundE(failing, others.length + 1, isBad(scanner))
    most = Math.max(most, now)
  }
  return { now, most }
}

/**
 * What passes in the seconds of a burst is the bucket and the rate together, so the rate is at most that; what came in
 * by later SYNs had waited for it, so it is at least that. A page is told at once: there the window is a second.
 */
function limitOf(burst: readonly Look[], prompt: number, late: number): readonly [number, number] {
  const window = burst.some(({ sight }) => refuses(sight)) ? 1 : WINDOW_S
  return [round1(late / window), round1((prompt + late) / window)]
}
const round1 = (x: number): number => Math.round(x * 10) / 10

/** The least and the most of it, in words. */
export const passText = ([least, most]: readonly [number, number]): string =>
  least === most ? number(most) : `${number(least)} to ${number(most)}`

const TELLING: readonly Look['sight'][] = ['page', 'notice', 'closed', 'cut']

/** Statuses by which servers say "not so fast". */
const LIMITING = [429, 503]
const isLimitPage = ({ observation }: Look): boolean => LIMITING.includes(observation.httpStatus ?? 0)

/** Answers in the service's place to the scanner's engagement and watch: limit pages, slow handshakes, failures. */
export function signsOfLimit(endpoint: EndpointEvidence): Look[] {
  const quickest = quickestOf(endpoint)
  return endpoint.looks.filter(
    (look) =>
      look.role === 'scanner' &&
      ['engage', 'watch'].includes(look.observation.purpose) &&
      (limped(look, quickest) || isLimitPage(look)),
  )
}

export const firstSign = (endpoint: EndpointEvidence): number | null => signsOfLimit(endpoint)[0]?.at ?? null

/** Evidence against "all alike" from which on the burst is worth its connects: two rounds of five with the scanner alone. */
const WORTH_E = 10
const MANY_SIGNS = 3
/** One such round, beside signs from before. */
const ONCE_E = 3
const SIGNS_WITHIN_MS = 120_000

/**
 * Is the scanner perhaps limited? It alone failed or limped in the rounds; or it got a limit page while the others got
 * through; or it limped or was limited before the alarm, and its sibling, on the same path, never did. Loss makes others limp
 * where it hardly makes them fail, and answers in the service's place it makes of nobody: failures alone are asked as well.
 */
export function smellsOfLimit(endpoint: EndpointEvidence, one: Case): boolean {
  const pages = one.rounds.filter(
    ({ scanner, others }) => isLimitPage(scanner) && scanner.failed && others.some((look) => !look.failed),
  )
  if (pages.length > 0 && !one.rounds.some(({ others }) => others.some((look) => isLimitPage(look) && look.failed)))
    return true
  const before = signsOfLimit(endpoint).filter(({ at }) => at < one.startAt && at > one.startAt - SIGNS_WITHIN_MS)
  const twins = one.rounds.flatMap(({ sibling }) => (sibling ? [sibling] : []))
  const smellsBy = (isBad: (look: Look) => boolean): boolean => {
    // The question is whether to ask, so what once was reached counts: loss that slows others later takes nothing from it.
    const alone = walkedE(one, isBad).most
    const signs = before.filter((look) => isBad(look) || isLimitPage(look)).length
    return (
      alone >= WORTH_E ||
      (alone >= ONCE_E && signs >= MANY_SIGNS - 1) ||
      (signs >= MANY_SIGNS && twins.length >= 2 && !twins.some(isBad))
    )
  }
  return [limpedFor(endpoint), ({ failed }: Look) => failed].some(smellsBy)
}

export const E_DEGRADED = 100
export const E_DEGRADED_FIRM = 1_000
/** Of what loss could make the scanner's own few slow touches must bear out the proof. */
const E_OWN_FIRM = 100
/** The scanner's way may lose more than its sibling's: its own slow touches must speak for a limit too. */
const E_OWN = 10
/** Where several ports of a host say so, as much as half of it: they bear each other out. */
const E_OWN_HOST = 5
/** At least so many of the second burst went badly: it was not a matter of one moment. */
const AGAIN = 2

/** Turned away and let in by turns, so often at least: once may be a restart. */
const FLICKERS = 2

/** Both tests, and slow touches that pass: the scanner alone is limited. `firm`: with a sibling, two witnesses, twice. */
export function isLimited(test: RateTest): 'no' | 'likely' | 'firm' {
  const { eRate, eAlone, eSibling, slow, beside, again } = test
  const { after } = test
  // What another scanner keeps full turns slow touches away as well, as it did before the bursts.
  const isNoBan = after.bad <= after.n / 2 || (test.isTold && test.flickered >= FLICKERS && after.bad < after.n)
  const passesSlowly = test.slowFailed.bad <= slow.n / 4 && after.n >= 2 && isNoBan
  const othersPass = test.siblingBeside || test.witnessesBeside > 0 ? beside.bad <= beside.n / 4 : false
  // Silence and slow handshakes can be loss that comes in heaps, which the test does not know: there more is asked.
  const heaps = test.isTold ? 1 : 10
  // What a search for ports is too much for may be the scanner's own way.
  if (eSibling !== null && eSibling < E_DEGRADED) return 'no'
  if (!passesSlowly || !othersPass || test.witnessesBeside === 0) return 'no'
  if (eRate < heaps * E_DEGRADED || eAlone < E_DEGRADED) return 'no'
  if (!test.isTold && test.eOwn < (test.ports > 1 ? E_OWN_HOST : E_OWN)) return 'no'
  // One burst alone may have met an outage of a second. What lets slow touches through lets the first of a burst in: a
  // burst that was lost whole was lost by the way, but for answers that no loss makes, and where other touches had used it up before.
  const isWhole = test.burst.prompt + (again ? again.n - again.bad : 0) === 0 && !test.seepedTwice
  if (!again || again.bad < AGAIN || (isWhole && !test.isTold && !test.swept)) return 'no'
  if (test.seeped === 0 && !test.isTold) return 'no'
  // The same for the first burst alone, which used up what passes for the second; of several ports, for each.
  const isFirstWhole = !test.isUneven && !test.swept
  // One outage can begin amid the first burst and end amid the second: none of that gets in at once then.
  const isSecondWhole = again.bad === again.n && !test.swept
  const isFirm =
    eRate >= heaps * E_DEGRADED_FIRM &&
    eAlone >= E_DEGRADED_FIRM &&
    (test.isTold || (test.eOwn >= E_OWN_FIRM && !isFirstWhole && !isSecondWhole))
  return isFirm && test.siblingBeside && test.witnessesBeside >= 2 ? 'firm' : 'likely'
}
