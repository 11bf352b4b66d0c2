/** Opaque ids: a prefix that says what it names, and 20 base62 characters (119 bits) that say nothing. */
import type { IdPrefix } from './shapes.ts'

// The two globals that workerd, Node 20+ and browsers share; schema is compiled without any host's types.
declare const crypto: {
  getRandomValues(array: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>
  subtle: { digest(algorithm: 'SHA-256', data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> }
}
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> }

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const LENGTH = 20

/** A new random id such as `scn_7Xb…`. No two are alike, and none can be guessed from another. */
export const newId = (prefix: IdPrefix): string => `${prefix}_${base62(crypto.getRandomValues(new Uint8Array(32)))}`

/**
 * An id made from what it names (SHA-256 of prefix and parts), so that a repeated write meets its own row.
 * The parts are kept apart: `('a', 'bc')` and `('ab', 'c')` give different ids, as do `1` and `'1'`.
 */
export async function derivedId(prefix: IdPrefix, ...parts: readonly (string | number)[]): Promise<string> {
  const text = JSON.stringify([prefix, ...parts])
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return `${prefix}_${base62(new Uint8Array(digest))}`
}

/** The last 20 base62 digits of 32 bytes read as one number: the bias of the cut is below 2^-136. */
function base62(bytes: Uint8Array): string {
  let rest = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  let text = ''
  for (let i = 0; i < LENGTH; i++) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return text
}
