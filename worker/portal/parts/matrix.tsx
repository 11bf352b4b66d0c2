/** Ports down, sites across: where one row has two shapes, somebody is treated differently. */
import { portsIn } from '../../../schema/ports.ts'
import { count, listed } from '../../core/text.ts'
import type { SiteView } from '../views.ts'
import { Badge } from './badge.tsx'
import { Legend, lookOfPort, Mark } from './mark.tsx'
import { Table } from './table.tsx'
import { Ago } from './time.tsx'

export interface MatrixRow {
  address: string
  port: number
  service: string
  /** one for each site, in their order; `not_open` where its last scan asked and saw none open, null where it may not have asked */
  verdicts: readonly (string | null)[]
}

export function rowsOf(sites: readonly SiteView[]): MatrixRow[] {
  const rows = new Map<string, { address: string; port: number; service: string; verdicts: (string | null)[] }>()
  const asks = sites.map(asksOf)
  sites.forEach((site, i) => {
    for (const { address, port, service, verdict } of site.ports) {
      const key = `${address} ${port}`
      const row = rows.get(key) ?? {
        address,
        port,
        service,
        verdicts: asks.map((asks) => (asks(address, port) ? AWAY : null)),
      }
      row.verdicts[i] = verdict
      rows.set(key, row)
    }
  })
  return [...rows.values()].sort((a, b) => a.port - b.port || a.address.localeCompare(b.address))
}

const AWAY = 'not_open'

/** Seen differently from two sites that both looked. */
const differs = ({ verdicts }: MatrixRow): boolean => new Set(verdicts.filter((verdict) => verdict !== null)).size > 1

function asksOf({ asked }: SiteView): (address: string, port: number) => boolean {
  if (asked === null) return () => false
  const ports = portsIn(asked.ports)
  return (address, port) => asked.addresses.includes(address) && ports.has(port)
}

/** What is told of all rows, those too that are not listed. */
function saying(all: readonly MatrixRow[], sites: readonly SiteView[]): string {
  const odd = all.filter(differs).length
  const blind = all.filter(({ verdicts }) => verdicts.includes(null))
  const names = sites.filter((_, i) => blind.some(({ verdicts }) => verdicts[i] === null)).map(({ site }) => site)
  const seen =
    odd > 0
      ? `${odd === 1 ? 'One port is' : `${odd} ports are`} seen differently from different sites: a rule that goes by country or address does that.`
      : blind.length === all.length
        ? ''
        : blind.length === 0
          ? 'Every site sees the same.'
          : 'Where all sites looked, they see the same.'
  const unseen =
    blind.length === 0
      ? ''
      : ` ${count(blind.length, 'port was', 'ports were')} not seen from ${listed(names)}, which may not have looked.`
  return (seen + unseen).trim()
}

/** Rows at once: what differs stands first, so that nothing of it is cut. */
const MOST = 60

export const Matrix = ({ sites, now }: { sites: readonly SiteView[]; now: number }) => {
  const all = rowsOf(sites)
  if (all.length === 0) return <p class="none">No open port is known yet. The first scan finds them.</p>
  const rows = all.length <= MOST ? all : [...all.filter(differs), ...all.filter((row) => !differs(row))].slice(0, MOST)
  const addresses = new Set(rows.map((row) => row.address))
  const looks = rows.flatMap(({ verdicts }) =>
    verdicts.filter((verdict) => verdict !== null && verdict !== AWAY).map((verdict) => lookOfPort(String(verdict))),
  )
  const left = all.length - rows.length
  const oddLeft = Math.max(0, all.filter(differs).length - rows.length)
  return (
    <>
      {sites.length > 1 && <p>{saying(all, sites)}</p>}
      <Table
        label="Ports by site"
        columns={[
          'Port',
          'Service',
          ...sites.map((site) => ({ name: site.site, head: <SiteHead site={site} now={now} /> })),
        ]}
        rows={rows.map((row) => [
          <>
            {row.port} {addresses.size > 1 && <span class="dim">{row.address}</span>}{' '}
            {differs(row) && <Badge tone="warn" text="differs" />}
          </>,
          row.service,
          ...row.verdicts.map((verdict) => <Cell verdict={verdict} />),
        ])}
      />
      {left > 0 && (
        <p class="dim">
          {count(left, 'further port')},{' '}
          {oddLeft > 0 ? `${oddLeft} of them seen differently` : 'none of them seen differently'}.
        </p>
      )}
      <Legend looks={looks} />
    </>
  )
}

const Cell = ({ verdict }: { verdict: string | null }) => {
  if (verdict === null) return <span class="dim">not seen</span>
  if (verdict === AWAY) return <span class="dim">not open</span>
  const look = lookOfPort(verdict)
  return (
    <span class={`cell ${look.tone}`}>
      <Mark {...look} /> {look.text}
    </span>
  )
}

const SiteHead = ({ site, now }: { site: SiteView; now: number }) => (
  <>
    <a href={`/scans/${site.scanId}`}>{site.site}</a>{' '}
    <span class="dim">
      <Ago at={site.at} now={now} />
    </span>
    {site.retest && (
      <span class="dim">
        , lost ports <a href={`/scans/${site.retest.scanId}`}>again</a> <Ago at={site.retest.at} now={now} />
      </span>
    )}
  </>
)
