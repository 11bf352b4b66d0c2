/**
 * Raw output, made ready to be shown: hostile text. Every line is bounded, what would turn or hide letters is written out, and
 * nothing in it is ever markup.
 */

/** Of one line, and of all lines together, in letters; and how many lines. What is longer is in the download. */
const LINE = 1_500
export const MOST_LETTERS = 3_000_000
export const MOST_LINES = 20_000

export interface Line {
  /** from 1 */
  number: number
  text: string
  /** letters that were left out at its end */
  more: number
}

export interface Section {
  name: string
  number: number
}

/**
 * Controls, marks that turn the direction of letters, invisible ones, and what is not a character. A tab and what joins letters in
 * some scripts and emoji stays.
 */
const ODD = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu
const KEPT = new Set(['\t', '\u200c', '\u200d'])

/** `⟨U+202E⟩` in the place of what cannot be seen. */
export const visible = (text: string): string =>
  text.replace(ODD, (sign) =>
    KEPT.has(sign) ? sign : `⟨U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  )

/** The lines of a text, as far as they are shown. */
export function linesOf(text: string): Line[] {
  const lines: Line[] = []
  let at = 0
  while (at < text.length && lines.length < MOST_LINES) {
    const found = text.indexOf('\n', at)
    const end = found < 0 ? text.length : found
    const cut = Math.min(end, at + LINE)
    lines.push({
      number: lines.length + 1,
      text: visible(text.slice(at, cut).replace(/\r$/, '')),
      more: end - cut,
    })
    at = end + 1
  }
  return lines
}

/** `== Verdicts ====`, or a line that is underlined by dashes of its own length. */
export function sectionsOf(lines: readonly Line[]): Section[] {
  return lines.flatMap(({ number, text }, i) => {
    const [, name] = /^== (.{1,60}) =+$/.exec(text) ?? []
    if (name) return [{ name, number }]
    const under = lines[i + 1]?.text ?? ''
    return text.length > 2 && text.length <= 60 && under === '-'.repeat(text.length) ? [{ name: text, number }] : []
  })
}

/** The lines in which this port is named: `22/tcp`, `port 22`, `:22`, or the number by itself. */
export function linesOfPort(lines: readonly Line[], port: string): Line[] {
  const named = new RegExp(`(?<![\\d.:-])${port}(?:/tcp)?(?![\\d.:-])|[\\]\\d]:${port}(?!\\d)`)
  return lines.filter(({ text }) => named.test(text))
}
