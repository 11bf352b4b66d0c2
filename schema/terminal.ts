/** What a target sent, made safe to show as plain text: on a terminal, in a log, in raw scanner output. */

declare const TextDecoder: new (encoding: 'utf-8') => { decode(bytes: Uint8Array): string }

/**
 * Left out: C0 and C1 controls with ESC and DEL (terminal commands), bidi marks and overrides, zero-width and other
 * invisible format characters, tags, lone surrogates, and what is not a character at all.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Co}\p{Cn}]|\p{Default_Ignorable_Code_Point}/gu
const PLAIN = /^[\x20-\x7e]*$/
const BLANK = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu

/**
 * One line of at most `max` characters (code points), the last of them `…` when something was cut off. Line ends and
 * tabs become one blank; bytes are read as UTF-8, where broken bytes show as U+FFFD.
 * `max` is 1 or more. Of a flood of invisible characters only the beginning is looked at.
 */
export function printable(input: Uint8Array | string, max: number): string {
  // A bound on the work, however much was sent: what lies beyond is only looked for to set the `…`.
  const text =
    typeof input === 'string' ? input.slice(0, max * 8) : new TextDecoder('utf-8').decode(input.subarray(0, max * 8))
  const line = text.replace(BLANK, ' ')
  // The usual case, asked for first: the classes of Unicode take ten times as long.
  if (PLAIN.test(line)) {
    const plain = line.trim()
    return plain.length <= max ? plain : `${plain.slice(0, max - 1)}…`
  }
  const safe = [...line.replace(UNSAFE, '').trim()]
  return safe.length <= max ? safe.join('') : `${safe.slice(0, max - 1).join('')}…`
}
