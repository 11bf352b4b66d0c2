/** Running text with what must stand out: the one form from which every platform's markup is made. */
import { clipped, inert } from './plain.ts'

/** A plain string is escaped; `code` is technical and stays as it is; `bold` is escaped too. */
export type Span = string | { code: string } | { bold: string }
export type Line = readonly Span[]

/** How one platform writes each. Its functions get printable text and escape it. */
export interface Ink {
  text(text: string): string
  code(text: string): string
  bold(text: string): string
}

export const inked = (line: Line, ink: Ink): string =>
  line
    .map((span) => {
      if (typeof span === 'string') return ink.text(inert(span))
      return 'code' in span ? ink.code(span.code) : ink.bold(inert(span.bold))
    })
    .join('')

export const plainOf = (line: Line): string =>
  line.map((span) => (typeof span === 'string' ? span : 'code' in span ? span.code : span.bold)).join('')

/** Text of ours in which commands stand between back quotes; an odd quote is taken as it stands. */
export function spansOf(text: string): Span[] {
  const parts = text.split('`')
  if (parts.length % 2 === 0) return [text]
  return parts.flatMap((part, i) => (part === '' ? [] : [i % 2 === 0 ? part : { code: part }]))
}

/** At most `max` characters: words are cut, a command is left whole or left out. */
export function shortened(line: Line, max: number): Span[] {
  const kept: Span[] = []
  let left = max
  for (const span of line) {
    const text = typeof span === 'string' ? span : 'code' in span ? span.code : span.bold
    if (text.length <= left) {
      kept.push(span)
      left -= text.length
      continue
    }
    // A command that is cut would be a wrong command.
    if (typeof span === 'object' && 'code' in span) kept.push('…')
    else if (left > 10) {
      const cut = `${clipped(text, left - 1).trimEnd()}`
      kept.push(typeof span === 'string' ? padded(cut, text) : { bold: cut })
    } else kept.push('…')
    break
  }
  return kept
}

/** `clipped` trims; a blank between two spans must stay. */
const padded = (cut: string, original: string): string => `${/^\s/.test(original) ? ' ' : ''}${cut}`

/** A span from outside: bounded, one line. Blanks at both ends are kept apart from the words. */
export const codeSpan = (text: string, max: number): Span => ({ code: clipped(text, max) || '?' })
