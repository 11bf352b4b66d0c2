/**
 * Who Cloudflare Access vouches for. It puts a signed assertion on each request that it lets through; who has none, or one that
 * does not hold, is let in by nothing here. developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json
 */
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose'
import { SCOPES, type Scope } from '../schema/words.ts'
import type { Env } from './env.ts'
import { Failure } from './failure.ts'

/** No assertion of Access is longer; what is longer is not looked at. */
const LONGEST = 8_192
/** Between our clock and Cloudflare's. */
const SKEW_SECONDS = 5
/** Keys change every six weeks, and the old ones are good for a week more. */
const CERTS_MS = 3_600_000
/** A key that is not known makes us ask again, but not more often than this. */
const AGAIN_MS = 60_000
const CERTS_TIMEOUT_MS = 5_000

/** Somebody whom Access let through, and what they may. */
export interface Identity {
  email: string
  tenantId: string
  scope: Scope
  /** until when the assertion holds */
  expiresAt: number
}
/** Or why not; `email` where it is known who asks. */
export type Answer = Identity | { refused: Refusal; email?: string }
export type Refusal = 'expired' | 'other_application' | 'not_signed_by_team' | 'not_valid' | 'no_email' | 'not_listed'

interface Settings {
  issuer: string
  audience: string
  grants: readonly Grant[]
  certs: Fetcher | undefined
}
interface Grant {
  /** an address, `*@domain`, or `*` */
  who: string
  scope: Scope
  /** null: the operator's */
  tenantId: string | null
}

/** Null where Access is not set up: both its team and this application's audience must be said. */
function settingsOf(env: Env): Settings | null {
  const team = env.ACCESS_TEAM?.trim().toLowerCase() ?? ''
  const audience = env.ACCESS_AUD?.trim() ?? ''
  const host = /^[a-z0-9-]{1,63}$/.test(team) ? `${team}.cloudflareaccess.com` : team.replace(/^https:\/\//, '')
  if (audience === '' || !/^[a-z0-9-]{1,63}\.cloudflareaccess\.com$/.test(host)) return null
  return { issuer: `https://${host}`, audience, grants: grantsIn(env.ACCESS_EMAILS), certs: env.ACCESS_CERTS }
}

/** `jo@example.com=admin, *@example.com=write:ten_…`; unset: everybody whom Access lets through may read. A word it does not know grants nothing. */
export function grantsIn(text: string | undefined): Grant[] {
  if (text === undefined || text.trim() === '') return [{ who: '*', scope: 'read', tenantId: null }]
  return text.split(/[\s,;]+/).flatMap((entry) => {
    const [, who = '', word = '', tenantId = null] = /^([^=\s]{1,320})=([a-z]+)(?::(ten_\w{1,40}))?$/.exec(entry) ?? []
    const scope = SCOPES.find((one) => one === word)
    return scope && who !== '' ? [{ who: who.toLowerCase(), scope, tenantId }] : []
  })
}

/** The closest entry counts: the address itself, then its domain, then everybody. */
export const grantFor = (grants: readonly Grant[], email: string): Grant | null =>
  [email, `*${email.slice(email.lastIndexOf('@'))}`, '*']
    .map((who) => grants.find((grant) => grant.who === who))
    .find((grant) => grant !== undefined) ?? null

/** By issuer: the keys outlive a request, as the isolate does. */
const KEYS = new Map<string, ReturnType<typeof createRemoteJWKSet>>()

function keysOf({ issuer, certs }: Settings): ReturnType<typeof createRemoteJWKSet> {
  const known = KEYS.get(issuer)
  if (known) return known
  const made = createRemoteJWKSet(new URL(`${issuer}/cdn-cgi/access/certs`), {
    cacheMaxAge: CERTS_MS,
    cooldownDuration: AGAIN_MS,
    timeoutDuration: CERTS_TIMEOUT_MS,
    [customFetch]: (url, init) =>
      (certs ? certs.fetch(url, init as RequestInit) : fetch(url, init as RequestInit)) as never,
  })
  KEYS.set(issuer, made)
  return made
}

/** Null where Access is not set up. Throws Failure `busy` when its keys cannot be had: nobody is let in unseen. */
export async function identityOf(env: Env, assertion: string, now: number, operator: string): Promise<Answer | null> {
  const settings = settingsOf(env)
  if (!settings) return null
  if (assertion.length > LONGEST) return { refused: 'not_valid' }
  try {
    const { payload } = await jwtVerify(assertion, keysOf(settings), {
      algorithms: ['RS256'],
      issuer: settings.issuer,
      audience: settings.audience,
      requiredClaims: ['exp', 'iat'],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(now),
    })
    const email = emailIn(payload.email)
    if (email === null) return { refused: 'no_email' }
    const grant = grantFor(settings.grants, email)
    if (!grant) return { refused: 'not_listed', email }
    const { scope, tenantId } = grant
    return { email, scope, tenantId: tenantId ?? operator, expiresAt: (payload.exp ?? 0) * 1_000 }
  } catch (error) {
    return { refused: refusalOf(error) }
  }
}

/** A service token has none. What is put into the log must be plain. */
function emailIn(claim: unknown): string | null {
  const email = typeof claim === 'string' ? claim.toLowerCase() : ''
  return email.length <= 254 && /^[!-?A-~]{1,64}@[a-z0-9.-]{1,253}$/.test(email) ? email : null
}

/** What is wrong with the list of keys, not with what was shown to us. */
const OF_THEIR_KEYS: readonly string[] = ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JWK_INVALID']

function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim === 'aud' ? 'other_application' : 'not_valid'
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed)
    return 'not_signed_by_team'
  if (!(error instanceof errors.JOSEError) || OF_THEIR_KEYS.includes(error.code))
    throw new Failure('busy', 'The keys of Cloudflare Access cannot be had. Try again.')
  return 'not_valid'
}
