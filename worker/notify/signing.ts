/**
 * Standard Webhooks 1.0: `v1` is HMAC-SHA256 with `whsec_…`, `v1a` is Ed25519 with `whsk_…`. Every key that is valid
 * signs, so that a receiver can go from one to the next at its own time.
 */

/** The content that is signed. `id` holds no full stop, `at` is of the attempt, in ms. */
export const signedContent = (id: string, at: number, body: string): string => `${id}.${Math.floor(at / 1_000)}.${body}`

/** The three headers of an attempt at `at` (ms). Throws when a key is none; see `keyFault`. */
export async function signedHeaders(
  id: string,
  at: number,
  body: string,
  secrets: readonly string[],
): Promise<Record<string, string>> {
  const content = Uint8Array.from(new TextEncoder().encode(signedContent(id, at, body)))
  const signatures = await Promise.all(secrets.map((secret) => signature(secret, content)))
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1_000)),
    ...(signatures.length > 0 ? { 'webhook-signature': signatures.join(' ') } : {}),
  }
}

/** What is wrong with a signing secret; null when it can sign. */
export function keyFault(secret: string): string | null {
  const read = keyOf(secret)
  if (!read) return 'must begin with whsec_ (HMAC-SHA256) or whsk_ (Ed25519), then base64'
  const { kind, key } = read
  if (kind === 'hmac') return key.length >= 24 && key.length <= 64 ? null : 'must hold 24 to 64 bytes after whsec_'
  return key.length === 32 || key.length === 64
    ? null
    : 'must hold a seed of 32 bytes after whsk_, or seed and public key'
}

/** The public half of a `whsk_` key, as receivers want it: `whpk_…`; null for another kind of key. */
export async function publicKeyOf(secret: string): Promise<string | null> {
  const read = keyOf(secret)
  if (read?.kind !== 'ed25519') return null
  const key = await ed25519(read.key, true)
  const jwk = (await crypto.subtle.exportKey('jwk', key)) as { x?: string }
  const x = (jwk.x ?? '').replace(/-/g, '+').replace(/_/g, '/')
  return `whpk_${x.padEnd(Math.ceil(x.length / 4) * 4, '=')}`
}

async function signature(secret: string, content: Uint8Array<ArrayBuffer>): Promise<string> {
  const fault = keyFault(secret)
  const read = keyOf(secret)
  if (fault !== null || !read) throw new Error(`a signing secret ${fault}`)
  if (read.kind === 'ed25519') {
    const key = await ed25519(read.key, false)
    return `v1a,${base64(await crypto.subtle.sign('Ed25519', key, content))}`
  }
  const key = await crypto.subtle.importKey('raw', read.key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return `v1,${base64(await crypto.subtle.sign('HMAC', key, content))}`
}

/** PKCS #8 around a seed: RFC 8410, section 7. */
const PKCS8 = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]
const ed25519 = (key: Uint8Array, isExtractable: boolean): Promise<CryptoKey> =>
  crypto.subtle.importKey('pkcs8', Uint8Array.from([...PKCS8, ...key.subarray(0, 32)]), 'Ed25519', isExtractable, [
    'sign',
  ])

function keyOf(secret: string): { kind: 'hmac' | 'ed25519'; key: Uint8Array<ArrayBuffer> } | null {
  const match = /^(whsec|whsk)_([A-Za-z0-9+/]+={0,2})$/.exec(secret)
  if (!match) return null
  try {
    const key = Uint8Array.from(atob(match[2] ?? ''), (c) => c.charCodeAt(0))
    return { kind: match[1] === 'whsk' ? 'ed25519' : 'hmac', key }
  } catch {
    return null
  }
}

const base64 = (signed: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(signed)))
