/** Who is knocking: what each HTTP touch says of its sender. The signature is by this probe's own key (schema/botauth.ts). */
import { createHash, randomBytes } from 'node:crypto'
import {
  authorityOf,
  base64url,
  directoryToSign,
  PROOF_HEADER,
  requestLines,
  requestToSign,
  thumbprintText,
} from '../schema/botauth.ts'
import type { LeaseAnswer, LeasedRun, SignedDirectory } from '../schema/wire.ts'
import type { Clock } from './clock.ts'
import type { Identity } from './identity.ts'

export interface Knock {
  /** names us, and the page that says who we are */
  userAgent(): string
  /** Header lines of an HTTP touch of `authority` (the Host it names) in a scan. Signed anew each time. */
  lines(authority: string, scanId: string): string[]
  /** What a lease says: where we are reached, whose token a run carries, whether the directory is to be signed. */
  learn(answer: Pick<LeaseAnswer, 'publicUrl' | 'signFor' | 'runs'>): void
  /** The directory's signature, once, when it was asked for. */
  directory(): SignedDirectory | null
  /** our key was changed */
  become(next: Signing): void
}
type Signing = Pick<Identity, 'publicKey' | 'sign'>

const SECOND = 1_000
/** A verifier's clock may be behind ours by this much. */
const BACKDATED_S = 5
/** Long enough for a slow answer, and no longer: a signature is good for whoever overhears it. */
const REQUEST_S = 300
const DIRECTORY_S = 7 * 86_400
/** What RFC 9421 and the draft call enough; the bytes that the reference verifier wants. */
const NONCE_BYTES = 64
const MOST_RUNS = 500

const keyidOf = ({ publicKey }: Pick<Identity, 'publicKey'>): string =>
  createHash('sha256')
    .update(thumbprintText(base64url(publicKey)))
    .digest('base64url')

export function createKnock(url: string, own: Signing, clock: Clock): Knock {
  let origin = new URL(url).origin
  let signFor: string | null = null
  const tokens = new Map<string, string>()
  let identity = own
  let keyid = keyidOf(own)
  const times = (forS: number) => {
    const created = Math.floor(clock.now() / SECOND) - BACKDATED_S
    return { keyid, created, expires: created + BACKDATED_S + forS }
  }

  const remember = ({ scanId, proofToken }: LeasedRun) => {
    tokens.delete(scanId)
    if (proofToken === undefined) return
    tokens.set(scanId, proofToken)
    const [oldest] = tokens.keys()
    if (tokens.size > MOST_RUNS && oldest !== undefined) tokens.delete(oldest)
  }

  return {
    become(next) {
      identity = next
      keyid = keyidOf(next)
    },
    userAgent: () => `Portwitness/0.1 (+${origin}/.well-known/probing.txt)`,
    lines(authority, scanId) {
      const token = tokens.get(scanId)
      const nonce = randomBytes(NONCE_BYTES).toString('base64')
      const { base, input } = requestToSign(authority.toLowerCase(), origin, times(REQUEST_S), nonce)
      return [...(token ? [`${PROOF_HEADER}: ${token}`] : []), ...requestLines(origin, input, identity.sign(base))]
    },
    learn(answer) {
      if (answer.publicUrl !== undefined && URL.canParse(answer.publicUrl)) origin = new URL(answer.publicUrl).origin
      signFor = answer.signFor ?? null
      for (const run of answer.runs) remember(run)
    },
    directory() {
      // For the place that we say our keys are listed at, and for no other that we are told.
      if (signFor === null || signFor !== authorityOf(origin)) return null
      const signing = times(DIRECTORY_S)
      const { base, input } = directoryToSign(signFor, signing)
      return { authority: signFor, input, signature: identity.sign(base), expires: signing.expires * SECOND }
    },
  }
}
