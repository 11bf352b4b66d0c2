/** The key directory of Web Bot Auth: whose signatures on HTTP requests are ours. Each probe signs it for itself (schema/botauth.ts). */
import { authorityOf, base64url, directoryToSign, thumbprintText } from '../schema/botauth.ts'
import type { SignedDirectory } from '../schema/wire.ts'
import { bytesOfBase64 } from './secrets.ts'
import type { Probe } from './store/probes.ts'

/** A signature with less time left is made anew. */
const RENEW_MS = 2 * 86_400_000
/** Headers of an answer are bounded by every proxy; a signature and its parameters are 320 bytes. */
const MOST_SIGNATURES = 32

const signed = new TextEncoder()

/** The authority for which the probe is to sign the directory; undefined while its signature stands. */
export function wantsDirectory(probe: Pick<Probe, 'directory'>, publicUrl: string, now: number): string | undefined {
  const authority = authorityOf(publicUrl)
  const { directory } = probe
  return directory && directory.authority === authority && directory.expires - now > RENEW_MS ? undefined : authority
}

/** True when a probe's own key made this signature, for this authority and a time that has not passed. */
export async function isDirectoryOf(
  { publicKey }: Pick<Probe, 'publicKey'>,
  said: SignedDirectory,
  publicUrl: string,
  now: number,
): Promise<boolean> {
  const [, created, expires] =
    /^\("@authority";req\);created=(\d{10});keyid="[\w-]{43}";alg="ed25519";expires=(\d{10});/.exec(said.input) ?? []
  const keyid = await keyIdOf(publicKey)
  const { base, input } = directoryToSign(authorityOf(publicUrl), {
    keyid,
    created: Number(created),
    expires: Number(expires),
  })
  if (input !== said.input || said.authority !== authorityOf(publicUrl) || said.expires !== Number(expires) * 1_000)
    return false
  if (said.expires < now) return false
  const key = await crypto.subtle.importKey('raw', bytesOfBase64(publicKey), { name: 'Ed25519' }, false, ['verify'])
  return crypto.subtle.verify('Ed25519', key, bytesOfBase64(said.signature), signed.encode(base))
}

/** RFC 7638 thumbprint of a probe's key. */
async function keyIdOf(publicKey: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', signed.encode(thumbprintText(base64url(publicKey))))
  return base64url(btoa(String.fromCharCode(...new Uint8Array(digest))))
}

export interface BotDirectory {
  body: string
  headers: Record<string, string>
}

/** The keys of these probes, and the signatures of those that have one for this authority. */
export async function directoryOf(probes: readonly Probe[], authority: string, now: number): Promise<BotDirectory> {
  const keys = await Promise.all(
    probes.map(async ({ publicKey }) => ({
      kty: 'OKP',
      crv: 'Ed25519',
      x: base64url(publicKey),
      kid: await keyIdOf(publicKey),
      use: 'sig',
    })),
  )
  const standing = probes
    .flatMap(({ directory }) => (directory?.authority === authority && directory.expires > now ? [directory] : []))
    .slice(0, MOST_SIGNATURES)
  const joined = (of: (one: SignedDirectory) => string) => standing.map((one, i) => `sig${i + 1}=${of(one)}`).join(', ')
  return {
    body: JSON.stringify({ keys }),
    headers:
      standing.length === 0
        ? {}
        : { 'signature-input': joined(({ input }) => input), signature: joined(({ signature }) => `:${signature}:`) },
  }
}
