const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** By character code: six bits, or -1 for what is no letter of the alphabet. */
const BITS = Int8Array.from({ length: 128 }, (_, code) => ALPHABET.indexOf(String.fromCharCode(code)))

/** Base64 → one character per byte (Latin-1): enough to look for protocol words. Hostile; never shown as it is. */
export function latin1Of(base64: string | undefined): string {
  if (!base64) return ''
  let text = ''
  let bits = 0
  let held = 0
  for (let i = 0; i < base64.length; i++) {
    const value = BITS[base64.charCodeAt(i)] ?? -1
    if (value < 0) continue
    held = (held << 6) | value
    bits += 6
    if (bits >= 8) {
      bits -= 8
      text += String.fromCharCode((held >> bits) & 0xff)
    }
  }
  return text
}

/** `300`, `2,000` */
export const number = (n: number): string => (n < 1_000 ? `${n}` : n.toLocaleString('en'))
/** `3 ports`, `1 port`, `2,000 ports` */
export const count = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`
export const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`
/** `14:03:12Z` */
export const clock = (at: number): string => `${new Date(at).toISOString().slice(11, 19)}Z`
/** `a, b and c` */
export const listed = (items: readonly string[]): string =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`

/** `86 %`; what is there at all is never `0 %`, and what is not whole never `100 %`. */
export const percent = (share: number): string =>
  share < 0.005 ? 'under 1 %' : `${share >= 1 ? 100 : Math.min(99, Math.round(share * 100))} %`
