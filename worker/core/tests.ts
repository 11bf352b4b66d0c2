/**
 * The three sequential tests of detection-science.md 4.3, as pure functions of numbers.
 * (a) not loss, (b) only the scanner, (c) not the path. None alone proves interference; together they do.
 */

// ---------------------------------------------------------------- (a) not loss

/** Claim "not loss" from here on: ln((1−β)/α) with α = 10⁻⁴, β = 10⁻² (Wald 1945). */
export const LLR_CLAIM = 9.2
/** Where another port of the address carries the proof: loss makes that once in a hundred scans at most. */
export const LLR_BESIDE = Math.log(100)
/** A blocked port answers by mistake this often. */
const EPSILON = 0.01
/** Loss does not fake a refusal, a reset or a page. */
export const HARD_Q = 1e-3
const MIN_SILENT_Q = 0.02

/** SYNs of kernels before 6.5, in seconds: the worse case, because an agent's kernel is not known here. */
const SYN_AT_S = [0, 1, 3, 7] as const
/** SYN-ACKs again from the other side, after the first one. */
const SYN_ACK_AFTER_S = [0, 1, 3, 7] as const

/**
 * Probability that connect() fails within `timeoutMs` when each packet is lost with probability `p`: no SYN arrives, or
 * one does and every SYN-ACK after it is lost. Agrees with the measured table of detection-science.md 4.4 (1.1 % at
 * p = 20 %, T = 6 s).
 */
export function connectFailure(timeoutMs: number, p: number): number {
  const sent = SYN_AT_S.filter((at) => at * 1_000 < timeoutMs)
  let none = 1
  let failure = 0
  for (const [i, at] of sent.entries()) {
    const arrivesFirst = none * (1 - p)
    const again = SYN_ACK_AFTER_S.filter((after) => (at + after) * 1_000 < timeoutMs).length
    const laterSyns = sent.length - 1 - i
    // A later SYN that arrives draws another SYN-ACK: that exchange fails with 1 − (1−p)².
    failure += arrivesFirst * p ** again * (1 - (1 - p) ** 2) ** laterSyns
    none *= p
  }
  return failure + none
}

/** What is believed of a path before it was measured: one slow connect in twenty. */
const PRIOR = { slow: 1, connects: 20 } as const

/**
 * Upper 95 % bound of the loss per packet on a path, from how many of its `connects` took a second or longer: a slow
 * connect lost its first SYN or SYN-ACK, r = 1 − (1−p)². A Beta prior (1, 19) in place of Jeffreys': a scan that is
 * blocked early has measured a handful of connects, and two slow ones of three must not make a path that loses half of
 * everything. Wilson's bound in place of the Beta quantile: the same within a per cent, in closed form.
 */
export function lossBound(slow: number, connects: number): number {
  const z = 1.645
  const n = connects + PRIOR.connects
  const share = (slow + PRIOR.slow) / n
  const centre = share + z ** 2 / (2 * n)
  const spread = z * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2))
  const r = Math.min((centre + spread) / (1 + z ** 2 / n), 0.99)
  return 1 - Math.sqrt(1 - r)
}

/** A connect this slow lost its first SYN or SYN-ACK: the kernel's first timer is one second. */
export const SLOW_CONNECT_MS = 900

/** q̂ of 4.3 (a) for silent failures. */
export const silentQ = (timeoutMs: number, p: number): number =>
  Math.min(0.9, Math.max(MIN_SILENT_Q, 1.5 * connectFailure(timeoutMs, p)))

/**
 * Log-likelihood ratio of "this many of `n` looks fail, whatever the share" (Beta(1, 1)) against loss, under which the same
 * looks have `lnLoss`: of loss alone it passes ln 100 once in a hundred scans at most.
 */
export const partLlr = (failed: number, n: number, lnLoss: number): number =>
  lnBeta(1 + failed, 1 + n - failed) - lnLoss

/** What one look of the scanner adds to the log-likelihood ratio of "blocked" against "lost on the way". */
export const llrStep = (failed: boolean, q: number): number =>
  failed ? Math.log((1 - EPSILON) / q) : Math.log(EPSILON / (1 - q))

// ---------------------------------------------------------------- (b) only the scanner

const THETA = 1.5
const LAMBDA = 0.9
export const E_FAST = 100
export const E_CONFIRM = 1_000
/** What three rationed rounds of a full panel give (3.4³ = 39), with one clean answer less. */
export const E_RATIONED = 20
/** Where another port of the address carries the proof: two rounds of a full panel (3.4² = 11.6). */
export const E_BESIDE = 10
/** A confirmed loss has lasted at least this long. */
export const CONFIRM_SPAN_MS = 25_000

/**
 * The e-value of one round: `failing` of `sources` failed, the scanner among them or not. If the scanner's odds of
 * failing are at most θ times the others', P(scanner failed | m failed) ≤ π = θm/(θm + k + 1 − m), and
 * e = 1 + λ(x/π − 1) has mean ≤ 1. The product over rounds is a test martingale: P(sup E ≥ 1/α) ≤ α whatever the common
 * loss and whenever we stop (Ville; Grünwald, Shafer, Ramdas, Vovk). k may differ from round to round, as long as who
 * counts is settled by what was seen before the round. A round without others, or in which nobody or everybody failed,
 * says nothing: e = 1.
 */
export function roundE(failing: number, sources: number, scannerFailed: boolean): number {
  if (sources < 2 || failing === 0) return 1
  const pi = (THETA * failing) / (THETA * failing + sources - failing)
  return 1 + LAMBDA * ((scannerFailed ? 1 : 0) / pi - 1)
}

/**
 * One round over several endpoints of one address: the mean of e-values is an e-value, whatever their dependence (Vovk and
 * Wang 2021). The product over rounds tests "the scanner is not singled out at *any* of the endpoints touched". Rejecting
 * it says that a ban on this address exists, not which endpoints it covers; that an endpoint is part of it must come from
 * its own losses (rule SEL-3).
 */
export const addressE = (factors: readonly number[]): number =>
  factors.length === 0 ? 1 : factors.reduce((sum, e) => sum + e, 0) / factors.length

// ---------------------------------------------------------------- (c) not the path

/** Rounds in which the scanner failed and its sibling succeeded, on the same path in the same second. */
export const SIBLING_ROUNDS = 2
/** Rounds in which scanner and sibling fail together before the range or the path is blamed. */
export const TOGETHER_ROUNDS = 4
/** Rounds running in which everybody fails before the service is called down. */
export const DOWN_ROUNDS = 4
/**
 * The ration pays for three rounds. With five sources that is 15 failures out of 15, none of which loss makes more often
 * than once in a thousand: it must do where a fourth round is not to be had for ten minutes.
 */
export const RATIONED_RUNNING = 3
/**
 * Two rationed rounds running span the ten seconds of the four rounds of others. They do for "down" where so many touches in them
 * failed, which is what four rounds of two sources make: what came back before the third round was away all the same.
 */
export const DOWN_ROUNDS_RATIONED = 2
export const DOWN_TOUCHES_RATIONED = 8
/** Successes of the scanner in a row that end the matter. */
export const BACK_ROUNDS = 3
/** The ration pays for three rounds: one that fails leaves two. */
export const BACK_ROUNDS_RATIONED = 2

// ---------------------------------------------------------------- does it depend on how fast we ask? (E4)

const lnFactorial = (n: number): number => {
  let sum = 0
  for (let i = 2; i <= n; i++) sum += Math.log(i)
  return sum
}
const lnBeta = (a: number, b: number): number => lnFactorial(a - 1) + lnFactorial(b - 1) - lnFactorial(a + b - 1)
const times = (n: number, p: number): number => (n === 0 ? 0 : n * Math.log(p))

/** So many of `n` touches went badly. */
export interface Arm {
  bad: number
  n: number
}

/**
 * The e-value of "both arms go badly with the same probability, whatever it is": the likelihood of the two arms under
 * probabilities of their own (Beta(3, 1) for the arm in question, Beta(1, 9) for the control), over the greatest
 * likelihood that one common probability can reach. Whatever that probability is, the numerator over *its* likelihood has
 * mean 1, and the greatest is no smaller: so the mean is at most 1 (universal inference: Wasserman, Ramdas and
 * Balakrishnan 2020, without a split because the numerator is fixed beforehand). Loss, in any strength, is such a common
 * probability for two arms on one path; a limiter is not, where one arm asks fast and the other slowly. Never above 1
 * when the arm in question goes no worse than the control.
 */
export const armsE = (arm: Arm, control: Arm): number => strataE([[arm, control]])

/** The sum of some arms. */
export const sumOf = (arms: readonly Arm[]): Arm => ({
  bad: arms.reduce((sum, { bad }) => sum + bad, 0),
  n: arms.reduce((sum, { n }) => sum + n, 0),
})

/**
 * The same for several pairs of arms, each with a probability of its own that both its arms share: ports of one host. The
 * numerator is one law for all of them, fixed beforehand; the denominator is each pair's own greatest likelihood, so a port
 * that goes badly for everyone makes no difference out of nothing (Simpson's paradox).
 */
export function strataE(pairs: readonly (readonly [arm: Arm, control: Arm])[]): number {
  const told = pairs.filter(([arm, control]) => arm.n > 0 && control.n > 0)
  if (told.length === 0) return 1
  const arm = sumOf(told.map(([one]) => one))
  const control = sumOf(told.map(([, one]) => one))
  const own =
    lnBeta(3 + arm.bad, 1 + arm.n - arm.bad) -
    lnBeta(3, 1) +
    lnBeta(1 + control.bad, 9 + control.n - control.bad) -
    lnBeta(1, 9)
  const alike = told.reduce((sum, pair) => {
    const { bad, n } = sumOf(pair)
    return sum + times(bad, bad / n) + times(n - bad, 1 - bad / n)
  }, 0)
  const e = Math.exp(own - alike)
  return arm.bad * control.n <= control.bad * arm.n ? Math.min(1, e) : e
}
