/** Is it our probe, from its own address, and was nothing changed on the way? */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { type Address, parseAddress } from '../../schema/address.ts'
import { canonicalRequest, SIGNATURE_HEADERS, SKEW_MS } from '../../schema/signed.ts'
import { LIMITS } from '../../schema/wire.ts'
import type { AppEnv } from '../context.ts'
import { Failure, notOurs } from '../failure.ts'
import { bytesOfBase64, sha256 } from '../secrets.ts'
import type { Db } from '../store/db.ts'
import { keysOf, readSigner, type Signer } from '../store/probes.ts'
import { bytesOf, jsonOf } from './limit.ts'

/** Sets `probe`, `message` and `digest`. What is cheap to refuse is refused before the body is read. */
export const signed = createMiddleware<AppEnv>(async (c, next) => {
  const { db, now } = c.var.world
  const [id, time, nonce, signature] = [
    SIGNATURE_HEADERS.probe,
    SIGNATURE_HEADERS.time,
    SIGNATURE_HEADERS.nonce,
    SIGNATURE_HEADERS.signature,
  ].map((name) => c.req.header(name) ?? '')
  if (
    !id ||
    !/^\d{13}$/.test(time ?? '') ||
    !nonce ||
    nonce.length > 64 ||
    !/^[A-Za-z0-9+/]{86}==$/.test(signature ?? '')
  )
    throw new Failure('unauthorized', 'The request is not signed.')
  if (Math.abs(Number(time) - now) > SKEW_MS)
    throw new Failure('clock_skew', 'The clock is off by more than a minute.', [], { now })
  const from = parseAddress(clientAddress(c))
  const leases = c.req.path.endsWith('/lease')
  const remembered = kept.get(id)
  let known = from && (await knownProbe(db, id, from, now, leases))
  if (!from || !known) throw notOurs()

  const body = await bytesOf(c.req.raw, LIMITS.bodyBytes)
  const digest = await sha256(body)
  const text = canonicalRequest(c.req.method, c.req.path, id, time ?? '', nonce, digest)
  let usedKey = await signedWith(known, signature ?? '', text, now)
  // What was kept may be from before the probe changed its key.
  if (usedKey === null && known === remembered) {
    kept.delete(id)
    known = await knownProbe(db, id, from, now, false)
    usedKey = known && (await signedWith(known, signature ?? '', text, now))
  }
  if (!known || usedKey === null) throw new Failure('unauthorized', 'The signature does not fit.')
  c.set('probe', known.probe)
  c.set('usedKey', usedKey)
  c.set('digest', digest)
  c.set('signedAt', Number(time))
  if (c.req.method === 'POST') c.set('message', jsonOf(c.req.raw, body))
  await next()
})

interface KnownProbe {
  probe: Signer
  /** imported, by their text: the probe's own, and the one before while it is believed */
  keys: ReadonlyMap<string, CryptoKey>
  readAt: number
}
/**
 * Probes report every few seconds: their rows are kept a moment. For a lease one of any age will do, because the line reads
 * it anew with the probe's runs: revocation, quarantine, and the end of its range are seen there at once, and elsewhere within this time.
 */
const KEPT_MS = 10_000
const MOST_KEPT = 2_000
const kept = new Map<string, KnownProbe>()
/** So that what this isolate decides about a probe holds here at once. */
export const forgetProbe = (id: string): void => void kept.delete(id)

async function knownProbe(db: Db, id: string, from: Address, now: number, leases: boolean): Promise<KnownProbe | null> {
  const old = kept.get(id)
  if (old?.probe.sourceAddress === from.text && (leases || (now >= old.readAt && now - old.readAt < KEPT_MS)))
    return old
  kept.delete(id)
  const probe = await readSigner(db, id, from)
  // Asked from elsewhere, its range is that of elsewhere: what was read so must not serve the probe itself.
  if (probe?.sourceAddress !== from.text) return null
  const keys = new Map<string, CryptoKey>()
  for (const text of keysOf(probe, now)) keys.set(text, old?.keys.get(text) ?? (await keyFrom(text)))
  const known = { probe, keys, readAt: now }
  const [oldest] = kept.keys()
  if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest)
  kept.set(id, known)
  return known
}

/** The key that made this signature, of those that are believed now; null when none did. */
async function signedWith(
  { probe, keys }: KnownProbe,
  signature: string,
  text: string,
  now: number,
): Promise<string | null> {
  for (const believed of keysOf(probe, now)) {
    const key = keys.get(believed)
    if (key && (await isSignedBy(key, signature, text))) return believed
  }
  return null
}

export const isSignedBy = (key: CryptoKey, signature: string, text: string): Promise<boolean> =>
  crypto.subtle.verify('Ed25519', key, bytesOfBase64(signature), new TextEncoder().encode(text))

export const keyFrom = (publicKey: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', bytesOfBase64(publicKey), { name: 'Ed25519' }, false, ['verify'])

/** The address the request came from, as the platform or the front saw it; '' when unknown. */
export const clientAddress = (c: Context<AppEnv>): string =>
  parseAddress(c.req.header('cf-connecting-ip') ?? '')?.text ?? ''
