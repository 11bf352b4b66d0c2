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

/** Head of the part that says of each open port how it was in the end. */
export const RECHECK = 'Open Port Re-check'

/** What stands before the number of a port, or before a list of them. */
const BEFORE = String.raw`\b(?:[sd]?ports?\b|ports asked:|swept besides:|not tested\b)[\s=:({]*`
/** The same at the end of a line that was wrapped there. */
const OPEN_END = /\b[sd]?ports?(?:[\d\s,-]*(?:,|\b(?:and|or)))?$/i
/** What makes a number in such a list none of a port: `and 3 more`, `25 ms`. */
const NO_PORT = String.raw`(?!\d|\.\d|\s(?:more|others?|ms|s|min|h)\b|\s?%)`

/**
 * The lines about this port: those that name it (`22/tcp`, `port 22`, `ports 20-22, 80`, `192.0.2.1:22`), and all of a paragraph
 * that begins with `Port 22 on`. A number by itself may be anything.
 */
export function linesOfPort(lines: readonly Line[], port: string): Line[] {
  const named = new RegExp(
    [
      String.raw`(?<![\d.])${port}/(?:tcp|udp)\b`,
      String.raw`${BEFORE}(?:\d+\s*(?:,|-|and|or)\s*(?:and\s+)?)*${port}${NO_PORT}`,
      String.raw`(?:\b\d{1,3}(?:\.\d{1,3}){3}|\]):${port}(?!\d)`,
    ].join('|'),
    'i',
  )
  let isOwn = false
  return lines.filter(({ text }, i) => {
    const before = lines[i - 1]?.text ?? ''
    isOwn = text.startsWith(`Port ${port} on `) || (isOwn && text !== '')
    return isOwn || named.test(`${OPEN_END.exec(before)?.[0] ?? ''} ${text}`)
  })
}

/** These lines, with the head of each section that has some of them. */
export function underHeads(lines: readonly Line[], some: readonly Line[]): Line[] {
  const starts = new Set(sectionsOf(lines).map(({ number }) => number))
  const wanted = new Set(some)
  let head: Line[] = []
  return lines.flatMap((line) => {
    const under = lines[line.number]
    if (starts.has(line.number)) head = under && /^-+$/.test(under.text) ? [line, under] : [line]
    if (!wanted.has(line)) return []
    const shown = [...head.filter((one) => one !== line), line]
    head = []
    return shown
  })
}

/** The number of the line with which the re-check begins, or of that about this port where there is one; 0 without a re-check. */
export function recheckLine(lines: readonly Line[], port = ''): number {
  const sections = sectionsOf(lines)
  const at = sections.findIndex(({ name }) => name === RECHECK)
  const begin = sections[at]?.number ?? 0
  if (begin === 0 || port === '') return begin
  const own = lines.slice(begin, (sections[at + 1]?.number ?? lines.length + 1) - 1)
  return own.find(({ text }) => ` ${text}`.includes(` ${port}/tcp`))?.number ?? begin
}
