/** Small shapes that say a verdict: each has its own, so that nobody has to tell them by colour. Drawn in a box of 12 by 12. */
import { html } from 'hono/html'
import type { ScanVerdict, VerdictWord } from '../../../schema/words.ts'
import { SCAN_VERDICT, spoken, type Tone, VERDICT } from '../words.ts'

const SHAPES = {
  circle: 'M6 1.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6z',
  ring: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zM6 3.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z',
  diamond: 'M6 0l6 6-6 6-6-6z',
  half: 'M6 0l6 6-6 6-6-6zM6 2.6v6.8L9.4 6z',
  square: 'M1 1h10v10H1z',
  barred: 'M6 .5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM2.6 5h6.8v2H2.6z',
  triangle: 'M6 .8 11.8 11H.2z',
  hollow: 'M6 .8 11.8 11H.2zM6 4.6 3.4 9.2h5.2z',
  dash: 'M1 4.5h10v3H1z',
  dot: 'M6 4a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  cross: 'M2.6 1 6 4.4 9.4 1 11 2.6 7.6 6 11 9.4 9.4 11 6 7.6 2.6 11 1 9.4 4.4 6 1 2.6z',
} as const
export type Shape = keyof typeof SHAPES
export const pathOf = (shape: Shape): string => SHAPES[shape]

const OF_VERDICT: Record<VerdictWord, Shape> = {
  open: 'circle',
  transient: 'ring',
  interfered: 'diamond',
  degraded: 'half',
  app_blocked: 'square',
  blocked_before: 'barred',
  service_down: 'triangle',
  path_outage: 'hollow',
  phantom: 'dot',
  inconclusive: 'dash',
}
const OF_SCAN: Record<ScanVerdict, Shape> = { clear: 'circle', incomplete: 'triangle', interference: 'diamond' }

export interface Look {
  shape: Shape
  tone: Tone
  text: string
}
const isVerdict = (word: string): word is VerdictWord => Object.hasOwn(OF_VERDICT, word)

/** A stored word of another version has a shape too. */
export const lookOfPort = (verdict: string): Look =>
  isVerdict(verdict)
    ? { shape: OF_VERDICT[verdict], tone: VERDICT[verdict].tone, text: spoken(verdict) }
    : { shape: 'dot', tone: 'mute', text: spoken(verdict) }

/** A scan that did not end with a verdict was not carried out. */
export const lookOfScan = (verdict: ScanVerdict | null): Look =>
  verdict
    ? { shape: OF_SCAN[verdict], tone: SCAN_VERDICT[verdict].tone, text: verdict }
    : { shape: 'cross', tone: 'mute', text: 'not carried out' }

/** The shape by itself; what it means stands beside it, or is its label. */
export const Mark = ({ shape, tone, label }: { shape: Shape; tone: Tone; label?: string }) => {
  const said = label === undefined ? html`aria-hidden="true"` : html`role="img" aria-label="${label}"`
  return html`<svg class="mark ${tone}" viewBox="0 0 12 12" ${said}><path fill-rule="evenodd" d="${SHAPES[shape]}"/></svg>`
}

/** What the shapes mean, of those that are there. */
export const Legend = ({ looks }: { looks: readonly Look[] }) => {
  const each = [...new Map(looks.map((look) => [look.text, look])).values()]
  return each.length === 0 ? null : (
    <ul class="legend" aria-label="What the shapes mean">
      {each.map(({ shape, tone, text }) => (
        <li>
          <Mark shape={shape} tone={tone} /> {text}
        </li>
      ))}
    </ul>
  )
}
