/** Proof of control: how long it holds, when it is looked at again, and what a look proves. */
import { type Address, bitsOf, isPublic } from '../../schema/address.ts'
import type {
  CheckedMethod,
  ControlMethod,
  ControlProblem,
  ControlState,
  ControlTrouble,
} from '../../schema/control.ts'
import { parseName } from '../../schema/name.ts'
import type { Fetched } from '../../schema/wire.ts'
import { REFUSING_STATUSES } from '../../schema/words.ts'
import { latin1Of } from './text.ts'

const DAY_MS = 86_400_000
/** How long a proof holds (platform.md, section 7). */
export const PROOF_MS = 30 * DAY_MS
/** So long before its end it is looked at again: there is a week to mend what is amiss. */
const AHEAD_MS = 7 * DAY_MS
/** Between looks that found it failing. */
const AGAIN_MS = DAY_MS
/**
 * What speaks for another holder: somebody serves something else there, or the name is another's. Such a proof does not last the week
 * that one has whose token is merely gone, but a day, in which it is looked at once more.
 */
const CONTRARY: readonly ControlProblem[] = ['wrong_content', 'ptr_outside']
const CONTRARY_MS = DAY_MS
const CONTRARY_AGAIN_MS = DAY_MS / 2
const isContrary = (problem: ControlTrouble | null): boolean => problem !== null && CONTRARY.includes(problem.code)

/** As much of a stored proof as decisions need. */
export interface Proof {
  method: CheckedMethod | null
  provedAt: number | null
  expiresAt: number | null
  problem: ControlTrouble | null
}
/** A letter that covers an address. */
export interface Letter {
  signedAt: number
  expiresAt: number
}
export interface Standing {
  state: ControlState
  method: ControlMethod | null
  provedAt: number | null
  expiresAt: number | null
}

export const isProvedNow = ({ provedAt, expiresAt }: Pick<Proof, 'provedAt' | 'expiresAt'>, now: number): boolean =>
  provedAt !== null && expiresAt !== null && expiresAt > now

/** How control of an address stands. Of a proof and a letter the one that holds longer speaks. */
export function standingOf(address: Address, proof: Proof | null, letter: Letter | null, now: number): Standing {
  const own = proof && isProvedNow(proof, now) ? proof : null
  if (letter && letter.expiresAt > (own?.expiresAt ?? 0))
    return { state: 'proved', method: 'letter', provedAt: letter.signedAt, expiresAt: letter.expiresAt }
  const method = proof?.method ?? null
  const dates = { method, provedAt: proof?.provedAt ?? null, expiresAt: proof?.expiresAt ?? null }
  if (own) return { state: own.problem ? 'failing' : 'proved', ...dates }
  if (!isPublic(address)) return { state: 'not_needed', ...dates }
  return { state: dates.provedAt === null ? 'unproved' : 'lapsed', ...dates }
}

/** The state of several addresses is that of the worst. */
const WORST_LAST: readonly ControlState[] = ['not_needed', 'proved', 'failing', 'lapsed', 'unproved']
export const worstOf = <T extends { state: ControlState }>(all: readonly T[]): T | null =>
  all.reduce<T | null>(
    (worst, one) => (worst && WORST_LAST.indexOf(worst.state) >= WORST_LAST.indexOf(one.state) ? worst : one),
    null,
  )

/** When cron looks again at an address after a look; null: not by itself, since there is no proof to keep. */
export function nextLookAt({ provedAt, expiresAt, problem }: Omit<Proof, 'method'>, now: number): number | null {
  if (!isProvedNow({ provedAt, expiresAt }, now) || expiresAt === null) return null
  const at = isContrary(problem) ? now + CONTRARY_AGAIN_MS : problem ? now + AGAIN_MS : expiresAt - AHEAD_MS
  return Math.min(expiresAt, Math.max(at, now + 60_000))
}

// ---------------------------------------------------------------- over HTTP

/** What one probe brought home from one address; null when it said nothing of it. */
export interface View {
  sourceAddress: string
  site: string
  fetched: Fetched | null
  /** why its run came to nothing */
  failure: string | null
}

/** So many sites must have read the token: whoever stands between one and the address does not stand between another and it. */
const AGREEING_SITES = 2

/** Proved when two sites read the token and nobody read something else. Who is turned away, or reaches nothing, has not looked. */
export function judgeViews(views: readonly View[], token: string): ControlTrouble | null {
  const answered = views.filter(({ fetched }) => fetched?.status !== undefined)
  const proved = answered.filter(({ fetched }) => fetched && holdsToken(fetched, token))
  const other = answered.find((view) => !proved.includes(view) && !REFUSING_STATUSES.has(view.fetched?.status ?? 0))
  const [first] = proved
  if (first && other)
    return { code: 'views_differ', detail: `${first.sourceAddress} read the token, ${troubleOf(other)}` }
  if (first && new Set(proved.map(({ site }) => site)).size >= AGREEING_SITES) return null
  if (first) {
    const blind = views.filter((view) => !proved.includes(view)).map(blindness)
    const why = blind.length > 0 ? blind.join(' ') : 'No probe of another site was there to look.'
    const detail = `${first.sourceAddress} read the token, and two sites must. ${why}`
    return { code: 'one_view', detail: detail.slice(0, 300) }
  }
  const worst = other ?? answered[0] ?? views.find(({ fetched }) => fetched !== null) ?? views[0]
  if (!worst) return { code: 'no_probe', detail: 'No probe was there to look.' }
  if (!worst.fetched)
    return worst.failure
      ? { code: 'refused_by_probe', detail: worst.failure.slice(0, 300) }
      : {
          code: 'no_report',
          detail: `The probe at ${worst.sourceAddress} did not come back with an answer in its time.`,
        }
  const { status, port, code } = worst.fetched
  const detail = `${troubleOf(worst)}`
  if (status === undefined)
    return {
      code: 'not_reached',
      detail: `Nothing answered on port ${port} (${whyNot(code)}), seen from ${worst.sourceAddress}.`,
    }
  if (status >= 300 && status < 400) return { code: 'redirected', detail: `${detail} Redirects are not followed.` }
  return { code: status === 200 ? 'wrong_content' : 'bad_status', detail }
}

/** Error codes of the probe's machine, in words for who serves the file; one that we do not know stands as it is. */
const WHY_NOT: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'the connection was refused'],
  ['ECONNRESET', 'the connection was cut'],
  ['EPIPE', 'the connection was cut'],
  ['ETIMEDOUT', 'the connection timed out'],
  ['TIMEOUT', 'no answer in its time'],
  ['EHOSTUNREACH', 'the machine cannot be reached'],
  ['EHOSTDOWN', 'the machine cannot be reached'],
  ['ENETUNREACH', 'there is no way to its network'],
  ['EACCES', 'the way to it is forbidden'],
  ['EINVAL', 'our machine cannot send to this address'],
  ['EADDRNOTAVAIL', 'our machine cannot send to this address'],
])
const whyNot = (code: string | undefined): string => (code === undefined ? 'no answer' : (WHY_NOT.get(code) ?? code))

/** Why a view that is not against it is not for it. */
const blindness = ({ sourceAddress, fetched }: View): string =>
  fetched?.status !== undefined
    ? `${sourceAddress} was turned away with status ${fetched.status}.`
    : `${sourceAddress} ${fetched ? `reached nothing (${whyNot(fetched.code)})` : 'did not come back with an answer'}.`

const troubleOf = ({ sourceAddress, fetched }: View): string =>
  fetched?.status === 200
    ? `${sourceAddress} read a file without the token as a line of its own.`
    : `${sourceAddress} was answered with status ${fetched?.status}.`

const holdsToken = ({ status, body }: Fetched, token: string): boolean => status === 200 && isListed(lines(body), token)
const lines = (body: string | undefined): string[] => latin1Of(body).split(/\r\n|\n|\r/)
const isListed = (texts: readonly string[], token: string): boolean => texts.some((text) => text.trim() === token)

// ---------------------------------------------------------------- by reverse DNS

/** What name servers said. `forward` are the addresses to which the chosen name leads. */
export interface NameFacts {
  txt: readonly string[]
  ptr: readonly string[]
}

/** The name under which the PTR record of an address stands (RFC 1035 3.5, RFC 3596 2.5). */
export function reverseName({ text, family, ...rest }: Address): string {
  if (family === 4) return `${text.split('.').toReversed().join('.')}.in-addr.arpa`
  const digits = bitsOf({ text, family, ...rest })
    .toString(16)
    .padStart(32, '0')
  return `${[...digits].toReversed().join('.')}.ip6.arpa`
}

export const isInside = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`)

/** The names of the address that lie in the domain, or what is amiss before anything is to be confirmed. */
export function namesInside(
  address: Address,
  domain: string,
  token: string,
  { txt, ptr }: NameFacts,
): { names: readonly string[] } | { trouble: ControlTrouble } {
  if (!isListed(txt, token)) return { trouble: { code: 'txt_missing', detail: txtMissing(domain, txt.length) } }
  const names = ptr.flatMap((one) => parseName(one.replace(/\.$/, '')) ?? [])
  if (names.length === 0)
    return {
      trouble: { code: 'ptr_missing', detail: `${address.text} has no reverse name (${reverseName(address)}).` },
    }
  const inside = names.filter((name) => isInside(name, domain)).slice(0, MOST_NAMES)
  if (inside.length > 0) return { names: inside }
  const said = names.slice(0, 3).join(', ').slice(0, 200)
  return { trouble: { code: 'ptr_outside', detail: `${address.text} is called ${said}, which is not in ${domain}.` } }
}

/** An address with more names is a shared one. */
const MOST_NAMES = 4

const txtMissing = (domain: string, others: number): string =>
  others > 0
    ? `None of the ${others} TXT records of _portwitness-challenge.${domain} is the token.`
    : `_portwitness-challenge.${domain} has no TXT record.`

// ---------------------------------------------------------------- after a look

/** What is stored of a subject after a look: `trouble` null proves it anew; otherwise the proof that stands goes on to its end, or for a day where what was seen speaks for another holder. */
export function afterLook(
  { provedAt, expiresAt }: Pick<Proof, 'provedAt' | 'expiresAt'>,
  trouble: ControlTrouble | null,
  now: number,
): Omit<Proof, 'method'> & { nextAt: number | null } {
  const proof =
    trouble === null
      ? { provedAt: now, expiresAt: now + PROOF_MS, problem: null }
      : { provedAt, expiresAt: endOf(expiresAt, trouble, now), problem: trouble }
  return { ...proof, nextAt: nextLookAt(proof, now) }
}

const endOf = (expiresAt: number | null, trouble: ControlTrouble, now: number): number | null =>
  expiresAt !== null && isContrary(trouble) ? Math.min(expiresAt, now + CONTRARY_MS) : expiresAt

/** A probe as the choice of lookers sees it. */
export interface Looker {
  probeId: string
  site: string
  sourceAddress: string
  allowPrivate: boolean
  online: boolean
  fit: boolean
  standing: { looks: boolean }
}

/** One more than must agree: one that is shut out, or away, then keeps nobody from proving it. */
const MOST_LOOKERS = AGREEING_SITES + 1

/** Views of an address: each from a site of its own, by fit probes where there are any. */
export function chooseLookers<T extends Looker>(
  probes: readonly T[],
  { family, needsPrivate }: { family: 4 | 6; needsPrivate: boolean },
): readonly T[] {
  const able = probes
    .filter(({ sourceAddress }) => sourceAddress.includes(':') === (family === 6))
    .filter(({ online, standing, allowPrivate }) => online && standing.looks && (allowPrivate || !needsPrivate))
    .toSorted((a, b) => Number(b.fit) - Number(a.fit) || (a.probeId < b.probeId ? -1 : 1))
  return able.filter(({ site }, i) => able.findIndex((one) => one.site === site) === i).slice(0, MOST_LOOKERS)
}
