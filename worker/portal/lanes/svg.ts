/**
 * The picture that proves it: a lane for each source along one axis of time, a mark for each touch. The same text stands in pages,
 * where the style sheet gives it its colours, and alone as a file, where its own attributes do. Written as text, not
 * as components: a page can hold hundreds of marks.
 */
import { clock } from '../../core/text.ts'
import { span, utc } from '../parts/time.tsx'
import { type Band, type Lane, LEFT, type Mark, type Picture, RIGHT, type Tick } from './model.ts'
import { drawnOf, INK, isUnfit } from './sights.ts'
import { briefly, escaped, type Sources, telling } from './telling.ts'

const WIDTH = 960
const LANE = 32
const STRIP = 15
const ROW = 14
/** A letter of the small print, about. */
const LETTER = 6.1

const TEXT = '#161b26'
const DIM = '#566074'
const LINE = '#dcdfe6'

export interface Lettering {
  /** what each observation tells */
  sources: Sources
  /** stands alone: with its own heading and ground; else the page says what it is */
  alone: { title: string; lines: readonly string[] } | null
  /** words for who cannot see it */
  summary: string
}

/** To a tenth. In whole numbers, of which the runtime knows the digits much sooner. */
function n(value: number): string {
  const tenths = Math.round(value * 10)
  const rest = tenths % 10
  if (rest === 0) return `${tenths / 10}`
  return tenths < 0 ? String(tenths / 10) : `${(tenths - rest) / 10}.${rest}`
}

export function svgOf(picture: Picture, lettering: Lettering): string {
  const { alone, summary } = lettering
  const marks = stacked(picture.marks.map((mark) => ({ ...mark, width: mark.name.length * LETTER + 14 })))
  const phases = packed(picture.phases)
  const top = alone ? 30 + alone.lines.length * 17 : 6
  const phaseTop = top + ROW
  const phaseRows = Math.max(1, ...phases.map(({ row }) => row + 1))
  const markTop = phaseTop + phaseRows * STRIP + 4
  const roundTop = markTop + Math.max(1, ...marks.map(({ row }) => row + 1)) * ROW
  const lanesTop = roundTop + (picture.rounds.length > 0 ? ROW + 2 : 2)
  const lanesEnd = lanesTop + picture.lanes.length * LANE
  const legend = legendOf(picture, lanesEnd + 46)
  const height = legend.end + 6
  const name = alone?.title ?? `Port ${picture.port.port}, what each source saw`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="lanes" viewBox="0 0 ${WIDTH} ${height}"${alone ? ` width="${WIDTH}" height="${height}"` : ''} font-family="Inter, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif" font-size="11.5" fill="${TEXT}" role="img" aria-label="${escaped(`${name}. ${summary}`)}">`,
    alone ? `<title>${escaped(name)}</title><desc>${escaped(summary)}</desc>` : '',
    alone ? headOf(alone, height) : '',
    phases.map((phase) => bandOf(phase, phaseTop, lanesEnd)).join(''),
    picture.lost ? rect('lost', picture.lost.x1, lanesTop, picture.lost.x2, lanesTop + LANE, '#fcebea') : '',
    picture.unknown ? unknownOf(picture.unknown, lanesTop) : '',
    `<text class="dim" x="${LEFT - 12}" y="${phaseTop + 11}" text-anchor="end" fill="${DIM}">phases</text>`,
    roundsOf(picture.rounds, roundTop, lanesEnd),
    picture.lanes
      .map((_, i) => line('rest', 12, lanesTop + (i + 1) * LANE, RIGHT, lanesTop + (i + 1) * LANE, LINE))
      .join(''),
    marks.map((mark) => markOf(mark, markTop + mark.row * ROW, lanesEnd)).join(''),
    picture.seam === null ? '' : seamOf(picture.seam, phaseTop, lanesEnd),
    picture.lanes.map((lane, i) => laneOf(lane, lanesTop + i * LANE, lettering)).join(''),
    axisOf(picture, lanesEnd),
    legend.text,
    '</svg>',
  ].join('')
}

const rect = (name: string, x1: number, y1: number, x2: number, y2: number, fill: string, more = ''): string =>
  `<rect class="${name}" x="${n(x1)}" y="${n(y1)}" width="${n(Math.max(1, x2 - x1))}" height="${n(y2 - y1)}" fill="${fill}"${more}/>`

const line = (name: string, x1: number, y1: number, x2: number, y2: number, stroke: string, more = ''): string =>
  `<path class="${name}" d="M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}" stroke="${stroke}" fill="none"${more}/>`

const headOf = (alone: NonNullable<Lettering['alone']>, height: number): string =>
  `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/><text x="16" y="24" font-size="16" font-weight="700">${escaped(alone.title)}</text>` +
  alone.lines
    .map((text, i) => `<text x="16" y="${42 + i * 17}" font-size="12.5" fill="${DIM}">${escaped(text)}</text>`)
    .join('')

function bandOf({ name, x1, x2, from, to, row }: Band & { row: number }, top: number, bottom: number): string {
  const right = Math.max(x2, x1 + 3)
  const y = top + row * STRIP
  const wide = name.length * LETTER + 6
  const fits = right - x1 > wide
  // Beside a band that is too short: after it, or before it where the picture ends.
  const beside = right + wide < RIGHT ? { x: right + 3, anchor: '' } : { x: x1 - 3, anchor: ' text-anchor="end"' }
  return (
    `<g class="phase ${name}"><title>${name}: ${span(to - from)}, ${clock(from)} to ${clock(to)}</title>` +
    rect('shade', x1, y + STRIP - 2, right, bottom, INKS[name] ?? DIM, ' fill-opacity="0.055"') +
    rect('bar', x1, y, right, y + STRIP - 3, INKS[name] ?? DIM, ' fill-opacity="0.2" rx="2"') +
    (fits
      ? `<text x="${n(x1 + 4)}" y="${y + 10}" font-size="10.5">${name}</text>`
      : `<text x="${n(beside.x)}" y="${y + 10}"${beside.anchor} font-size="10.5" fill="${DIM}" class="dim">${name}</text>`) +
    '</g>'
  )
}
const INKS: Readonly<Record<string, string>> = {
  discover: '#566074',
  baseline: '#1d4fbf',
  engage: '#7d4e00',
  verify: '#6b2fb3',
  explain: '#0f6b74',
  recheck: '#1c6b3a',
  recover: '#566074',
}

const UNKNOWN = '#e3e6ec'
const unknownOf = ({ x1, x2, from, to }: NonNullable<Picture['unknown']>, y: number): string =>
  `<g><title>between two looks, ${span(to - from)} apart: it came back at some moment of that time, nobody saw when</title>${rect('unknown', x1, y, x2, y + LANE, UNKNOWN)}</g>`

const markOf = ({ name, at, x }: Mark, y: number, bottom: number): string => {
  const ink = name === 'back' ? INK.good : name === 'alarm' ? INK.warn : INK.bad
  const isRight = x > RIGHT - 60
  return (
    `<g class="mark ${name}"><title>${name}: ${utc(at)}</title>` +
    line('rule', x, y + 3, x, bottom, ink, ' stroke-width="1.3"') +
    `<text x="${n(x + (isRight ? -4 : 4))}" y="${y + 10}" fill="${ink}" font-weight="600"${isRight ? ' text-anchor="end"' : ''}>${name}</text></g>`
  )
}

function roundsOf(rounds: readonly Mark[], y: number, bottom: number): string {
  let last = Number.NEGATIVE_INFINITY
  const text = rounds.map(({ name, x }) => {
    const shown = x - last >= 14
    if (shown) last = x
    return (
      line('round', x, y + 14, x, bottom, DIM, ' stroke-dasharray="1 3" stroke-width="0.8"') +
      (shown
        ? `<text class="dim" x="${n(x)}" y="${y + 11}" text-anchor="middle" font-size="10" fill="${DIM}">${name}</text>`
        : '')
    )
  })
  return rounds.length === 0
    ? ''
    : `<text class="dim" x="${LEFT - 12}" y="${y + 11}" text-anchor="end" fill="${DIM}">rounds</text>${text.join('')}`
}

const seamOf = (x: number, top: number, bottom: number): string =>
  line('seam', x, top, x, bottom + 6, DIM, ' stroke-dasharray="4 3"') +
  `<text class="dim" x="${n(x + 5)}" y="${top - 3}" font-size="10.5" fill="${DIM}">after the scan</text>`

function laneOf(lane: Lane, y: number, { sources, alone }: Lettering): string {
  const middle = y + LANE / 2
  const hidden = lane.hidden > 0 ? `, ${lane.hidden} more like their neighbours` : ''
  const tells = alone || lane.who === null ? telling : briefly
  const drawn = alone ? tickAlone : tickInPage
  return (
    `<g class="lane" data-name="${lane.name}"${alone || lane.who === null ? '' : ` data-who="${escaped(lane.who)}"`}>` +
    `<text x="12" y="${n(middle - 2)}" font-weight="600">${lane.name}</text>` +
    `<text class="dim" x="12" y="${n(middle + 11)}" font-size="10.5" fill="${DIM}">${escaped(fitted(lane.detail))}</text>` +
    lane.spans
      .map(
        ({ x1, x2, touches }) =>
          `<g class="open"><title>open at all ${touches} touches of this stretch</title>${rect('watch', x1, middle - 2.5, Math.max(x2, x1 + 2), middle + 2.5, INK.good, ' fill-opacity="0.45" rx="2"')}</g>`,
      )
      .join('') +
    `<g class="ticks" aria-label="${lane.name}${hidden}">${lane.ticks.map((tick) => drawn(tick, middle, tells(tick, sources))).join('')}</g></g>`
  )
}

const spotOf = ({ x, dy }: Tick, middle: number): string => `${n(x)} ${n(middle + dy)}`

function tickAlone(tick: Tick, middle: number, told: string): string {
  const { paint, filled, path } = drawnOf(tick.touch)
  return (
    `<path transform="translate(${spotOf(tick, middle)})" d="${path}" stroke="${INK[paint]}" stroke-width="1.8" fill="${filled ? INK[paint] : '#ffffff'}"${isUnfit(tick.touch) ? ' stroke-dasharray="1.5 1.5" fill-opacity="0.35"' : ''}>` +
    `<title>${escaped(told)}</title></path>`
  )
}

/** The ink of these is the style sheet's, and who saw it stands once, at the lane: marks are most of such a page. */
function tickInPage(tick: Tick, middle: number, told: string): string {
  const { paint, filled, path } = drawnOf(tick.touch)
  return (
    `<path class="tick ${paint}${filled ? ' filled' : ''}${isUnfit(tick.touch) ? ' unfit' : ''}" id="obs-${escaped(tick.id)}" transform="translate(${spotOf(tick, middle)})" d="${path}">` +
    `<title>${escaped(told)}</title></path>`
  )
}

function axisOf({ labels, folds, from }: Picture, y: number): string {
  const ends = (x: number) => (x > RIGHT - 30 ? 'end' : x < LEFT + 10 ? 'start' : 'middle')
  return (
    line('axis', LEFT, y + 4, RIGHT, y + 4, DIM) +
    folds
      .map(
        ({ x, ms }) =>
          `<g class="fold"><title>${span(ms)} without an observation, drawn shorter</title><path d="M${n(x - 4)} ${y + 8}l4-8M${n(x)} ${y + 8}l4-8" stroke="${DIM}" fill="none"/></g>`,
      )
      .join('') +
    labels
      .map(
        ({ at, x }) =>
          `<path class="axis" d="M${n(x)} ${y + 4}v4" stroke="${DIM}"/><text x="${n(x)}" y="${y + 19}" text-anchor="${ends(x)}">${at === from ? 'start' : `+${span(at - from)}`}</text><text class="dim" x="${n(x)}" y="${y + 32}" text-anchor="${ends(x)}" font-size="10" fill="${DIM}">${clock(at)}</text>`,
      )
      .join('')
  )
}

/** What the shapes mean; only those that are there. */
function legendOf({ lanes, unknown }: Picture, top: number): { text: string; end: number } {
  const seen = new Set(lanes.flatMap(({ ticks }) => ticks.map(({ touch }) => drawnOf(touch))))
  const each: { words: string; sign: (x: number, y: number) => string }[] = [
    ...[...seen].map(({ words, paint, filled, path }) => ({
      words,
      sign: (x: number, y: number) =>
        `<g class="sign ${paint}${filled ? ' filled' : ''}" transform="translate(${n(x)} ${y})" stroke="${INK[paint]}" stroke-width="1.8" fill="${filled ? INK[paint] : '#ffffff'}"><path d="${path}"/></g>`,
    })),
    ...(lanes.some(({ spans }) => spans.length > 0)
      ? [
          {
            words: 'open throughout, while watched',
            sign: (x: number, y: number) =>
              rect('watch', x - 6, y - 2.5, x + 8, y + 2.5, INK.good, ' fill-opacity="0.45" rx="2"'),
          },
        ]
      : []),
    ...(unknown
      ? [
          {
            words: 'not known: between two looks',
            sign: (x: number, y: number) => rect('unknown', x - 6, y - 6, x + 8, y + 6, UNKNOWN),
          },
        ]
      : []),
  ]
  let x = LEFT
  let y = top + 14
  const text = each.map(({ words, sign }) => {
    const width = words.length * LETTER * 1.15 + 34
    if (x + width > RIGHT) {
      x = LEFT
      y += 18
    }
    const at = x
    x += width
    return `${sign(at, y)}<text class="dim" x="${n(at + 13)}" y="${y + 4}" fill="${DIM}">${words}</text>`
  })
  return { text: `<g class="legend" aria-hidden="true">${text.join('')}</g>`, end: y + 10 }
}

const LONGEST = 26
const fitted = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text)

/** Each in the first row in which it does not stand on another. */
function stacked<T extends { x: number; width: number }>(marks: readonly T[]): (T & { row: number })[] {
  const ends: number[] = []
  return marks.map((mark) => {
    // Near the right end a name stands before its mark.
    const left = mark.x > RIGHT - 60 ? mark.x - mark.width : mark.x
    const free = ends.findIndex((end) => end <= left)
    const row = free < 0 ? ends.length : free
    ends[row] = left + mark.width
    return { ...mark, row }
  })
}

const packed = (bands: readonly Band[]): (Band & { row: number })[] =>
  stacked(
    bands.map((band) => ({
      ...band,
      x: band.x1,
      width:
        Math.max(band.x2 - band.x1, 3) +
        (band.x2 - band.x1 > band.name.length * LETTER + 6 ? 2 : band.name.length * LETTER + 8),
    })),
  )
