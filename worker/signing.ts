/**
 * Ed25519 keys of ours, for whatever is signed (the published ranges are). The secret comes as text, PKCS #8 (PEM or bare
 * base64) or a JWK; what is public of it goes out as a JWK (RFC 8037) with its thumbprint (RFC 7638) as the key's name, and as PEM.
 */
import { bytesOfBase64 } from './secrets.ts'

export interface SigningKey {
  /** RFC 7638 thumbprint of the public key, base64url */
  keyId: string
  publicJwk: { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string; alg: 'EdDSA'; use: 'sig' }
  /** SubjectPublicKeyInfo, as `openssl` reads it */
  publicPem: string
  /** 64 bytes */
  sign(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
}

const ED25519 = { name: 'Ed25519' } as const

/** Reads a secret key. Throws, without a word of the key in it, when the text holds none. */
export async function signingKeyFrom(text: string): Promise<SigningKey> {
  const secret = await importSecret(text.trim())
  const { x } = (await crypto.subtle.exportKey('jwk', secret)) as JsonWebKey
  if (!x) throw new Error('the signing key has no public part')
  const required = { crv: 'Ed25519', kty: 'OKP', x } as const
  const keyId = base64url(await digest(JSON.stringify(required)))
  const open = await crypto.subtle.importKey('jwk', required, ED25519, true, ['verify'])
  return {
    keyId,
    publicJwk: { ...required, kid: keyId, alg: 'EdDSA', use: 'sig' },
    publicPem: pem('PUBLIC KEY', new Uint8Array((await crypto.subtle.exportKey('spki', open)) as ArrayBuffer)),
    sign: async (bytes) => new Uint8Array(await crypto.subtle.sign(ED25519, secret, bytes)),
  }
}

async function importSecret(text: string): Promise<CryptoKey> {
  try {
    if (text.startsWith('{')) {
      const { kty, crv, x, d } = JSON.parse(text) as JsonWebKey
      if (kty === 'OKP' && crv === 'Ed25519' && x && d)
        return await crypto.subtle.importKey('jwk', { kty, crv, x, d }, ED25519, true, ['sign'])
    } else {
      const bytes = bytesOfBase64(text.replace(/-----(BEGIN|END) PRIVATE KEY-----/g, '').replace(/\s+/g, ''))
      return await crypto.subtle.importKey('pkcs8', bytes, ED25519, true, ['sign'])
    }
  } catch {
    // What was wrong with it may name a part of it.
  }
  throw new Error('not an Ed25519 secret key, as PKCS #8 or JWK')
}

const kept = new Map<string, Promise<SigningKey>>()

/** The same, read once for each text. */
export function signingKeyOf(text: string): Promise<SigningKey> {
  const known = kept.get(text)
  if (known) return known
  const reading = signingKeyFrom(text)
  kept.set(text, reading)
  return reading
}

const digest = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
export const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))
export const base64url = (bytes: Uint8Array): string =>
  base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
const pem = (name: string, bytes: Uint8Array): string =>
  `-----BEGIN ${name}-----\n${base64(bytes).replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${name}-----\n`
