/**
 * Share of each scan that was really tested: one mark for each whole scan, the newest on the right, their days below. Of a scan
 * that came to no share the mark stands below the axis, for that is not to have tested nothing.
 */
import { html } from 'hono/html'
import type { ScanMark } from '../overview-views.ts'
import { SCAN_STATE } from '../words.ts'
import { shareWords } from './badge.tsx'
import { Legend, type Look, lookOfScan, Mark, pathOf } from './mark.tsx'
import { Table } from './table.tsx'
import { Ago, utc } from './time.tsx'

const WIDTH = 640
const HEIGHT = 262
const LEFT = 44
const RIGHT = 8
const TOP = 14
const BOTTOM = 46
const BOX = 12
/** Below the axis: the marks without a share, and the days. */
const WITHOUT = 14
const DAYS = 38
/** Between the names of two days, at least, where a narrow screen has its larger letters. */
const DAY_GAP = 72

const running: Look = { shape: 'ring', tone: 'info', text: 'under way' }
const lookOf = (scan: ScanMark): Look =>
  scan.finishedAt === null ? running : lookOfScan(scan.state === 'finished' ? scan.verdict : null)

function saidOf(scan: ScanMark): string {
  const share = scan.share === null ? '' : `, ${shareWords(scan.share)} tested`
  return `${scan.target}: ${lookOf(scan).text}${share}, ${utc(scan.finishedAt ?? scan.createdAt)}`
}

const y = (share: number): number => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)

const gridAt = (share: number) =>
  html`<g>
    <line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(share)}" y2="${y(share)}"/>
    <text class="axis" x="${LEFT - 8}" y="${y(share) + 4}" text-anchor="end">${share * 100} %</text>
  </g>`

function drawn(scan: ScanMark, middle: number, step: number) {
  const { shape, tone } = lookOf(scan)
  const at = scan.share === null ? y(0) + WITHOUT : y(scan.share)
  const size = Math.min(1, step / (BOX - 1))
  return html`<a href="/scans/${scan.id}"><title>${saidOf(scan)}</title>
    <rect class="hit" x="${middle - step / 2}" y="0" width="${step}" height="${HEIGHT}"/>
    ${scan.share !== null && html`<line class="stem ${tone}" x1="${middle}" x2="${middle}" y1="${at}" y2="${y(0)}"/>`}
    <path class="mark ${tone}" fill-rule="evenodd" d="${pathOf(shape)}" transform="translate(${middle - (BOX / 2) * size} ${at - (BOX / 2) * size}) scale(${size})"/>
  </a>`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** `22 Nov`, in UTC */
function dayOf({ createdAt, finishedAt }: ScanMark): string {
  const at = new Date(finishedAt ?? createdAt)
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`
}

/** Where a day begins, as far as there is room for its name. */
function days(ordered: readonly ScanMark[], step: number): { name: string; x: number }[] {
  const named: { name: string; x: number }[] = []
  ordered.forEach((scan, i) => {
    const name = dayOf(scan)
    const before = ordered[i - 1]
    const last = named.at(-1)
    const x = LEFT + step * i
    const fits = last === undefined || x - last.x >= DAY_GAP
    if ((before === undefined || dayOf(before) !== name) && fits && x <= WIDTH - DAY_GAP / 2) named.push({ name, x })
  })
  return named
}

const dayAt = ({ name, x }: { name: string; x: number }) =>
  html`<g>
    <line class="grid" x1="${x + 2}" x2="${x + 2}" y1="${y(0)}" y2="${y(0) + DAYS - 12}"/>
    <text class="axis" x="${x + 2}" y="${y(0) + DAYS}">${name}</text>
  </g>`

/** `scans`: newest first, without retests, which look at what was lost alone. */
export const Shares = ({ scans, now }: { scans: readonly ScanMark[]; now: number }) => {
  const ordered = scans.toReversed()
  const step = Math.min(28, (WIDTH - LEFT - RIGHT) / Math.max(1, ordered.length))
  return (
    <figure class="shares">
      {html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}">
        <title>Share of each scan that was tested, oldest first</title>
        ${[1, 0.5, 0].map(gridAt)}
        ${days(ordered, step).map(dayAt)}
        ${ordered.map((scan, i) => drawn(scan, LEFT + step * (i + 0.5), step))}
      </svg>`}
      <figcaption>
        <Legend looks={ordered.map(lookOf)} />
        <details>
          <summary>The same as a table</summary>
          <Table
            label="Share of each scan that was tested"
            columns={['Target', 'Ended as', 'Tested', 'When']}
            rows={scans.map((scan) => [
              <a href={`/scans/${scan.id}`}>{scan.target}</a>,
              <>
                <Mark {...lookOf(scan)} />{' '}
                {scan.finishedAt === null ? SCAN_STATE[scan.state].sentence : lookOf(scan).text}
              </>,
              scan.share === null ? '' : shareWords(scan.share),
              <Ago at={scan.finishedAt ?? scan.createdAt} now={now} />,
            ])}
          />
          <p class="under">
            <a href="/scans">All scans</a>, also as a file
          </p>
        </details>
      </figcaption>
    </figure>
  )
}
