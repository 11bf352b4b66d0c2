import { html } from 'hono/html'
import type { PortVerdict } from '../../../schema/judgement.ts'
import { span, utc } from './time.tsx'

const WIDTH = 1000
const HEIGHT = 30

/** What is drawn of one port: where on the line of the scan it was reachable, lost, and back. Shares from 0 to 1. */
export interface Drawing {
  seen: number
  lost: number | null
  back: number | null
  /** of the whole line, the share that is drawn as reachable */
  reachable: number
  marks: readonly { at: number; text: string }[]
}

/** Null when the scan has no length, or the port was never seen and never lost. */
export function drawingOf(port: PortVerdict, from: number, to: number): Drawing | null {
  if (to <= from || (port.firstSeenOpenAt === null && port.lostAt === null)) return null
  const place = (at: number) => Math.min(1, Math.max(0, (at - from) / (to - from)))
  const recovered = port.recoveredBetween?.[1] ?? null
  const marks = [
    { at: port.lostAt, text: 'lost' },
    { at: port.fastAt, text: 'likely' },
    { at: port.confirmedAt, text: 'confirmed' },
  ].flatMap(({ at, text }) => (at === null ? [] : [{ at: place(at), text: `${text} after ${span(at - from)}` }]))
  const seen = place(port.firstSeenOpenAt ?? port.lostAt ?? from)
  const lost = port.lostAt === null ? null : place(port.lostAt)
  const back = lost === null || recovered === null || recovered >= to ? null : place(recovered)
  const reachable = Math.max(0, (lost ?? 1) - seen) + (back === null ? 0 : 1 - back)
  return { seen, lost, back, reachable, marks }
}

export interface TimelineProps {
  port: PortVerdict
  from: number
  to: number
  /** begins the caption: `Port 22: `, or nothing */
  name: string
}

/** `reachable for 53 s of the scan’s 2 min · lost after 41 s`; '' where there is nothing to draw. */
export function lifeOf(port: PortVerdict, from: number, to: number): string {
  const drawing = drawingOf(port, from, to)
  if (!drawing) return ''
  return [shareWords(drawing, to - from), ...drawing.marks.map((mark) => mark.text)].join(' · ')
}

const shareWords = ({ reachable }: Drawing, ms: number): string =>
  `reachable for ${span(reachable * ms)} of the scan’s ${span(ms)}`

/** The life of one port during the scan: reachable, lost, back again. */
export const Timeline = ({ port, from, to, name }: TimelineProps) => {
  const drawing = drawingOf(port, from, to)
  if (!drawing) return null
  const { seen, lost, back, marks } = drawing
  const share = shareWords(drawing, to - from)
  const words = [`from ${utc(from)} to ${utc(to)}`, share, ...marks.map((mark) => mark.text)].join('; ')
  return (
    <figure class="timeline">
      {html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="Port ${port.port}: ${words}">
        <rect class="rest" x="0" y="8" width="${WIDTH}" height="14"/>
        ${bar('reachable', seen, lost ?? 1)}${lost !== null && bar('lost', lost, back ?? 1)}${back !== null && bar('reachable', back, 1)}
        ${marks.map(({ at }) => html`<rect class="mark" x="${Math.min(WIDTH - 3, at * WIDTH)}" y="0" width="3" height="${HEIGHT}"/>`)}
      </svg>`}
      <figcaption>
        {name}
        {lifeOf(port, from, to)}
        {legendOf(drawing)}
      </figcaption>
    </figure>
  )
}

/** What the colours mean, of those that are there. */
function legendOf({ seen, lost, marks }: Drawing) {
  const each = [
    ...(seen > 0 ? [{ kind: 'rest', text: 'not seen yet' }] : []),
    ...(seen < (lost ?? 1) ? [{ kind: 'reachable', text: 'reachable' }] : []),
    ...(lost === null ? [] : [{ kind: 'lost', text: 'lost' }]),
  ]
  const moments = marks.map(({ text }) => text.replace(/ after .*/, '')).join(', ')
  return html`<ul class="legend" aria-label="What the colours mean">
    ${each.map(({ kind, text }) => html`<li>${swatch(html`<rect class="${kind}" width="12" height="12"/>`)} ${text}</li>`)}
    ${moments !== '' && html`<li>${swatch(html`<rect class="mark" x="5" width="2" height="12"/>`)} ${moments}</li>`}
  </ul>`
}

const swatch = (inner: unknown) => html`<svg class="swatch" viewBox="0 0 12 12" aria-hidden="true">${inner}</svg>`

const bar = (kind: string, from: number, to: number) =>
  html`<rect class="${kind}" x="${from * WIDTH}" y="8" width="${Math.max(0, to - from) * WIDTH}" height="14"/>`
