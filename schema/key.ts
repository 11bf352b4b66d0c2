/**
 * API keys: `pw_` + 30 base62 characters of luck + 6 base62 characters of CRC-32 over those 30. The checksum lets a secret
 * scanner tell a real key from look-alikes, and a typing slip is refused before any look-up.
 */
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SHAPE = /^pw_([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/

/** Makes a key. `luck(n)` gives n random bytes from a cryptographic source. */
export function makeKey(luck: (count: number) => Uint8Array): string {
  let body = ''
  while (body.length < 30) {
    for (const byte of luck(64)) {
      // 248 = 4 × 62: larger bytes would favour the first letters.
      if (byte < 248 && body.length < 30) body += BASE62[byte % 62]
    }
  }
  return `pw_${body}${checksum(body)}`
}

/** Whether the text is a key by shape and checksum. Says nothing of whether it is ours. */
export function isKey(text: string): boolean {
  const match = SHAPE.exec(text)
  return match !== null && checksum(match[1] ?? '') === match[2]
}

/** CRC-32 (IEEE 802.3, reflected 0xEDB88320) of ASCII text, six base62 digits, padded with zeros. */
function checksum(text: string): string {
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  let rest = (crc ^ 0xffffffff) >>> 0
  let digits = ''
  for (let i = 0; i < 6; i++) {
    digits = BASE62.charAt(rest % 62) + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}
