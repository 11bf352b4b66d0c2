/** Secrets at rest, and marks that only this Worker can make: under a key outside the database, the Worker secret CHANNEL_KEY. */
import { bytesOfBase64, luck, mac } from './secrets.ts'

/**
 * `id:base64` of 32 bytes, or two of them with a comma between while one replaces the other: the first seals, each opens.
 */
export interface Keyring {
  /** id of the key that seals */
  first: string
  seal(text: string, place: string): Promise<string>
  /** A mark (HMAC-SHA-256, hex) of this text, under a key made for this use alone of the one that seals. */
  mark(use: string, text: string): Promise<string>
  /** Throws when the key is gone, or when the text was sealed for another place. */
  open(sealed: string, keyId: string, place: string): Promise<string>
}

const IV_BYTES = 12
const encoder = new TextEncoder()

/** Null when there is no key, or when it is not of the right form. */
export function keyringOf(text: string | undefined): Keyring | null {
  const keys = (text ?? '').split(',').flatMap((one) => {
    const match = /^\s*([\w.-]{1,40}):([A-Za-z0-9+/]{43}=)\s*$/.exec(one)
    return match ? [{ id: match[1] ?? '', secret: match[2] ?? '', bytes: bytesOfBase64(match[2] ?? '') }] : []
  })
  const [first] = keys
  if (!first) return null
  const keyOf = (id: string): Promise<CryptoKey> => {
    const found = keys.find((key) => key.id === id)
    if (!found) throw new Error('the key of this channel is not in CHANNEL_KEY')
    return crypto.subtle.importKey('raw', found.bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
  }
  return {
    first: first.id,
    async seal(text, place) {
      const iv = luck(IV_BYTES)
      const sealed = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv, additionalData: encoder.encode(place) },
        await keyOf(first.id),
        encoder.encode(text),
      )
      return base64(new Uint8Array([...iv, ...new Uint8Array(sealed)]))
    },
    mark: async (use, text) => mac(await mac(first.secret, use), text),
    async open(sealed, keyId, place) {
      const bytes = bytesOfBase64(sealed)
      const opened = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: bytes.subarray(0, IV_BYTES), additionalData: encoder.encode(place) },
        await keyOf(keyId),
        bytes.subarray(IV_BYTES),
      )
      return new TextDecoder().decode(opened)
    },
  }
}

export function base64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}
