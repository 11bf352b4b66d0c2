/** Proof of control of an address: the words, what is served where, and the shapes of its API. */
import * as v from 'valibot'
import { type Address, isPublic, parseAddress, parseCidr } from './address.ts'
import { parseName } from './name.ts'
import { isoTime, label, text, whole } from './shapes.ts'

/** Served by the address itself, with the token as a line of its own. Fixed: a probe asks for no other path. */
export const CONTROL_PATH = '/.well-known/portwitness-verification.txt'
/** The name below a domain whose TXT record holds the token of that domain. */
export const CONTROL_LABEL = '_portwitness-challenge'
/** As much of a served file is read. */
export const CONTROL_BYTES = 1_024
/** Those of web servers, which the administrator of a machine alone opens; TLS is spoken on 443. */
export const TLS_PORT = 443
export const CONTROL_PORTS: readonly number[] = [80, TLS_PORT]

/**
 * May the token be served here? Anybody with an account on a host can listen on a high port, and a free choice would make a look a
 * search for open ports; of a private address nothing hangs on it.
 */
export const isControlPort = (address: Address, port: number): boolean =>
  !isPublic(address) || CONTROL_PORTS.includes(port)

/** `http`: served by the address. `reverse_dns`: its name lies in a proved domain and leads back. `letter`: of whoever holds the range. */
export const CONTROL_METHODS = ['http', 'reverse_dns', 'letter'] as const
export type ControlMethod = (typeof CONTROL_METHODS)[number]
/** Those that are looked at again by themselves. */
export const CHECKED_METHODS = ['http', 'reverse_dns'] as const
export type CheckedMethod = (typeof CHECKED_METHODS)[number]

/** `failing`: proved, and the last look at it was in vain. `lapsed`: was proved once. `not_needed`: private addresses. */
export const CONTROL_STATES = ['not_needed', 'proved', 'failing', 'lapsed', 'unproved'] as const
export type ControlState = (typeof CONTROL_STATES)[number]

/** Why a look did not prove it. */
export const CONTROL_PROBLEMS = [
  'no_probe',
  'no_report',
  'refused_by_probe',
  'not_reached',
  'redirected',
  'bad_status',
  'wrong_content',
  'views_differ',
  'one_view',
  'dns_unanswered',
  'txt_missing',
  'ptr_missing',
  'ptr_outside',
  'ptr_unconfirmed',
  'stopped',
] as const
export type ControlProblem = (typeof CONTROL_PROBLEMS)[number]
export interface ControlTrouble {
  code: ControlProblem
  detail: string
}

/** What a carrier of fetches was asked: kept with its runs. */
export interface ControlAsk {
  fetches: { address: string; port: number }[]
}

// ---------------------------------------------------------------- bodies

const domainName = v.pipe(
  text(200, 3),
  v.check((value) => parseName(value) !== null, 'must be a domain name such as example.net'),
)
export const VerificationBody = v.strictObject({
  method: v.optional(v.picklist(CHECKED_METHODS)),
  /** of `http`: 80 unless said, or 443 with TLS */
  port: v.optional(whole(1, 65_535)),
  /** of `reverse_dns`: the domain that holds the names of the addresses */
  domain: v.optional(domainName),
})
export type VerificationBody = v.InferOutput<typeof VerificationBody>

/** No holder of one network has more than this. */
const WIDEST = { 4: 8, 6: 16 } as const
const letterRange = v.pipe(
  text(49, 4),
  v.check((value) => {
    const cidr = parseCidr(value)
    return cidr ? cidr.prefix >= WIDEST[cidr.family] : parseAddress(value) !== null
  }, 'must be a network such as 198.51.100.0/24 without host bits, of /8 (IPv6: /16) or less, or an address'),
)
export const LetterBody = v.strictObject({
  tenantId: v.pipe(text(60), v.regex(/^ten_[A-Za-z0-9]+$/, 'must look like ten_…')),
  cidr: letterRange,
  signedBy: label(200),
  signedAt: isoTime,
  expiresAt: isoTime,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the letter, 64 lower-case hex digits')),
  note: v.nullish(text(500)),
})

// ---------------------------------------------------------------- answers

const time = v.pipe(v.string(), v.isoTimestamp())
const maybeTime = v.nullable(time)
const Trouble = v.object({ code: v.picklist(CONTROL_PROBLEMS), detail: v.string() })

/** What is put where, in plain words and as plain values. */
export const ControlTask = v.object({
  method: v.picklist(CHECKED_METHODS),
  steps: v.array(v.string()),
  /** `http` */
  url: v.nullable(v.string()),
  /** `reverse_dns`: the TXT record */
  record: v.nullable(v.string()),
  /** what the file or the record holds */
  content: v.string(),
})
export type ControlTask = v.InferOutput<typeof ControlTask>

export const AddressControl = v.object({
  address: v.string(),
  state: v.picklist(CONTROL_STATES),
  method: v.nullable(v.picklist(CONTROL_METHODS)),
  provedAt: maybeTime,
  expiresAt: maybeTime,
  checkedAt: maybeTime,
  /** a look is under way */
  checking: v.boolean(),
  /** what the last look found, when it did not prove it */
  problem: v.nullable(Trouble),
})
export type AddressControl = v.InferOutput<typeof AddressControl>

/** Of a target: as its worst address has it. */
export const TargetControl = v.object({
  ...v.omit(AddressControl, ['address']).entries,
  addresses: v.array(AddressControl),
})
export type TargetControl = v.InferOutput<typeof TargetControl>

export const VerificationAnswer = v.object({
  targetId: v.string(),
  ...TargetControl.entries,
  addresses: v.array(v.object({ ...AddressControl.entries, task: v.nullable(ControlTask) })),
})
export type VerificationAnswer = v.InferOutput<typeof VerificationAnswer>

export const LetterAnswer = v.object({
  id: v.string(),
  tenantId: v.string(),
  cidr: v.string(),
  signedBy: v.string(),
  signedAt: time,
  expiresAt: time,
  sha256: v.string(),
  note: v.nullable(v.string()),
  enteredBy: v.string(),
  createdAt: time,
  revokedAt: maybeTime,
})
export type LetterAnswer = v.InferOutput<typeof LetterAnswer>
