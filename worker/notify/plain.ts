/** Hostile text made harmless before any platform's own escaping. */
import { printable } from '../../schema/terminal.ts'

/** How much a text counts, by the platform's measure. */
export type Measure = (text: string) => number
export const utf16: Measure = (text) => text.length
export const bytes: Measure = (text) => new TextEncoder().encode(text).length

/**
 * One printable line whose escaped form measures at most `max`; shortened by whole characters of the original, so that
 * no escape and no code point is ever cut. The last is `…` when something is missing.
 */
export function clipped(text: string, max: number, escaped = (t: string) => t, measure: Measure = utf16): string {
  const whole = printable(text, max)
  const written = escaped(whole)
  if (measure(written) <= max) return written
  const points = [...(whole.endsWith('…') ? whole.slice(0, -1) : whole)]
  const cut = (n: number): string => escaped(`${points.slice(0, n).join('').trimEnd()}…`)
  // Each character measures 1 or more.
  let [low, high] = [0, Math.min(points.length, max)]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (measure(cut(middle)) <= max) low = middle
    else high = middle - 1
  }
  return measure(cut(low)) <= max ? cut(low) : ''
}

const ZERO_WIDTH = '\u200b'
/**
 * Breaks what platforms act upon by themselves in running text: mentions (`@here`), links of their own making, and
 * Slack's and Zulip's `#channel`. Looks the same. Our own links are made by markup, never by this.
 */
export const inert = (text: string): string =>
  !/[@＠:#w]/i.test(text)
    ? text
    : text
        .replace(/[@＠]/g, `$&${ZERO_WIDTH}`)
        .replace(/:\/\//g, `:${ZERO_WIDTH}//`)
        .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}${ZERO_WIDTH}.`)
        .replace(/#(?=[\w*])/g, `#${ZERO_WIDTH}`)
        .replace(/\b(mailto|tel|tg|javascript|data|file):/gi, (scheme) => `${scheme.slice(0, -1)}${ZERO_WIDTH}:`)

/** Code between back quotes can hold none. */
export const unquoted = (text: string): string => text.replace(/`/g, '\u02cb')

export const html = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')

/**
 * A whole URL from a link of an event; null when it would leave this Worker. What markup could take for its own is
 * percent-encoded.
 */
export function hrefOf(link: string | null, base: string): string | null {
  if (link === null) return null
  const root = URL.parse(base)
  const url = URL.parse(link, `${base}/`)
  if (!root || !url || url.origin !== root.origin || !/^https?:$/.test(url.protocol)) return null
  const href = url.href.replace(/[|()<>"'`\\*~[\]]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return href.length <= 1_000 ? href : null
}
