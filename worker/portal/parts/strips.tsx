/** Each port through the last scans: one small cell for each scan, the newest on the right. */
import { html } from 'hono/html'
import { count } from '../../core/text.ts'
import type { ScanRow, StripView } from '../views.ts'
import { Legend, type Look, lookOfPort, Mark, pathOf } from './mark.tsx'
import { Table } from './table.tsx'
import { utc } from './time.tsx'

const CELL = 16
const HEIGHT = 20
const BOX = 12

/** `scans`: newest first, those that have ended. */
export const Strips = ({
  strips,
  scans,
  portsSeen,
  portsTroubled,
  newestWhole,
}: {
  strips: readonly StripView[]
  scans: readonly ScanRow[]
  portsSeen: number
  portsTroubled: number
  /** tells how a port is now, but for those that a later scan of some ports, a retest say, looked at again */
  newestWhole: string | null
}) => {
  const ended = scans.filter((scan) => scan.finishedAt !== null).toReversed()
  if (strips.length === 0 || ended.length === 0)
    return <p class="none">No scan of it has ended yet. Each one will be a cell here.</p>
  const addresses = new Set(strips.map(({ address }) => address))
  const tellers = tellersOf(scans, newestWhole)
  const left = portsSeen - strips.length
  // Those with the most trouble have a line.
  const troubled = Math.max(0, portsTroubled - strips.length)
  return (
    <>
      <Table
        label="Ports through the last scans"
        columns={[
          'Port',
          'Service',
          `Last ${ended.length === 1 ? 'scan' : `${ended.length} scans`}, the newest on the right`,
          'Now',
        ]}
        rows={strips.map((strip) => {
          const last = tellers
            .map((id) => strip.cells[id])
            .find((verdict, i) => isTold(verdict, i === tellers.length - 1))
          const look = last === undefined ? null : lookOfPort(last)
          return [
            <>
              {strip.port} {addresses.size > 1 && <span class="dim">{strip.address}</span>}
            </>,
            strip.service,
            <Strip strip={strip} scans={ended} />,
            look ? (
              <span class={`cell ${look.tone}`}>
                <Mark {...look} /> {look.text}
              </span>
            ) : (
              <span class="dim">not seen</span>
            ),
          ]
        })}
      />
      {left > 0 && (
        <p class="dim">
          {count(left, 'further port')}{' '}
          {troubled > 0
            ? `without a line here, ${troubled} of them with trouble too.`
            : 'had no trouble worth a line here.'}
        </p>
      )}
      <Legend looks={strips.flatMap(({ cells }) => Object.values(cells).map((verdict): Look => lookOfPort(verdict)))} />
    </>
  )
}

/** Who tells how a port is now, the newest first: the last whole scan, and what looked at some ports since. */
function tellersOf(scans: readonly ScanRow[], newestWhole: string | null): string[] {
  const finished = scans.filter(({ state }) => state === 'finished').map(({ id }) => id)
  const last = newestWhole === null ? -1 : finished.indexOf(newestWhole)
  return last < 0 ? (newestWhole === null ? [] : [newestWhole]) : finished.slice(0, last + 1)
}

/** A later scan that could not judge a port leaves it as the whole one saw it. */
const isTold = (verdict: string | undefined, isWhole: boolean): boolean =>
  verdict !== undefined && (isWhole || verdict !== 'inconclusive')

const Strip = ({ strip, scans }: { strip: StripView; scans: readonly ScanRow[] }) =>
  html`<svg class="cells" viewBox="0 0 ${CELL * scans.length} ${HEIGHT}" width="${CELL * scans.length}" height="${HEIGHT}">
    <title>Port ${strip.port} through the last scans</title>
    ${scans.map((scan, i) => cell(strip, scan, CELL * i))}
  </svg>`

function cell(strip: StripView, scan: ScanRow, left: number) {
  const verdict = strip.cells[scan.id]
  const middle = left + CELL / 2
  if (verdict === undefined)
    return html`<line class="gap" x1="${middle - 3}" x2="${middle + 3}" y1="${HEIGHT / 2}" y2="${HEIGHT / 2}"/>`
  const { shape, tone, text } = lookOfPort(verdict)
  return html`<a href="/scans/${scan.id}"><title>Port ${strip.port} ${text}, ${utc(scan.finishedAt ?? scan.createdAt)}</title>
    <rect class="hit" x="${left}" y="0" width="${CELL}" height="${HEIGHT}"/>
    <path class="mark ${tone}" fill-rule="evenodd" d="${pathOf(shape)}" transform="translate(${middle - BOX / 2} ${(HEIGHT - BOX) / 2})"/>
  </a>`
}
