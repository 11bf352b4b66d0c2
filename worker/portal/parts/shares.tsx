/** Share of each scan that was really tested: one mark for each scan, the newest on the right. */
import { html } from 'hono/html'
import type { ScanMark } from '../overview-views.ts'
import { SCAN_STATE } from '../words.ts'
import { shareWords } from './badge.tsx'
import { Legend, type Look, lookOfScan, Mark, pathOf } from './mark.tsx'
import { Table } from './table.tsx'
import { Ago, utc } from './time.tsx'

const WIDTH = 640
const HEIGHT = 236
const LEFT = 44
const RIGHT = 8
const TOP = 14
const BOTTOM = 20
const BOX = 12

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
  const at = y(scan.share ?? 0)
  const size = Math.min(1, step / (BOX - 1))
  return html`<a href="/scans/${scan.id}"><title>${saidOf(scan)}</title>
    <rect class="hit" x="${middle - step / 2}" y="0" width="${step}" height="${HEIGHT}"/>
    ${scan.share !== null && html`<line class="stem ${tone}" x1="${middle}" x2="${middle}" y1="${at}" y2="${y(0)}"/>`}
    <path class="mark ${tone}" fill-rule="evenodd" d="${pathOf(shape)}" transform="translate(${middle - (BOX / 2) * size} ${at - (BOX / 2) * size}) scale(${size})"/>
  </a>`
}

/** `scans`: newest first. */
export const Shares = ({ scans, now }: { scans: readonly ScanMark[]; now: number }) => {
  const ordered = scans.toReversed()
  const step = Math.min(28, (WIDTH - LEFT - RIGHT) / Math.max(1, ordered.length))
  return (
    <figure class="shares">
      {html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}">
        <title>Share of each scan that was tested, oldest first</title>
        ${[1, 0.5, 0].map(gridAt)}
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
        </details>
      </figcaption>
    </figure>
  )
}
