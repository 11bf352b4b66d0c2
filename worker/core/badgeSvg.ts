/** The badge of a target as a drawing: how its last scan ended, what share of it was tested, and when. Nothing that names anybody. */
import type { ScanVerdict } from '../../schema/words.ts'
import { percent } from './text.ts'

export interface BadgeWords {
  verdict: ScanVerdict | null
  share: number | null
  /** ms */
  finishedAt: number | null
}

/** Grounds on which white text has at least 4.5:1. */
const GROUND: Record<ScanVerdict, string> = { clear: '#1c6b3a', incomplete: '#7d4e00', interference: '#b3261e' }
const NONE = '#566074'
const LABEL = 'scan'
const HEIGHT = 20
/** Of one character at 11 px, about; the text is fitted to it. */
const CHARACTER = 6.6
const PAD = 7

/** `interference, 93 % tested, 2026-11-22` */
export function badgeText({ verdict, share, finishedAt }: BadgeWords): string {
  if (verdict === null || finishedAt === null) return 'none yet'
  const day = new Date(finishedAt).toISOString().slice(0, 10)
  return [verdict, ...(share === null ? [] : [`${share === 0 ? '0 %' : percent(share)} tested`]), day].join(', ')
}

export function badgeSvg(words: BadgeWords): string {
  const text = badgeText(words)
  const widthOf = (chars: string) => Math.round(chars.length * CHARACTER)
  const left = widthOf(LABEL) + 2 * PAD
  const right = widthOf(text) + 2 * PAD
  const write = (chars: string, x: number) =>
    `<text x="${x}" y="14" textLength="${widthOf(chars)}" lengthAdjust="spacingAndGlyphs">${chars}</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${HEIGHT}" role="img" aria-label="${LABEL}: ${text}"><title>${LABEL}: ${text}</title><rect width="${left + right}" height="${HEIGHT}" rx="4" fill="${words.verdict === null ? NONE : GROUND[words.verdict]}"/><path d="M4 0h${left - 4}v${HEIGHT}h-${left - 4}a4 4 0 0 1-4-4v-12a4 4 0 0 1 4-4z" fill="#2f3543"/><g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">${write(LABEL, PAD)}${write(text, left + PAD)}</g></svg>
`
}
