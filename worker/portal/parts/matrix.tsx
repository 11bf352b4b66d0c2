/** Ports down, sites across: where one row has two shapes, somebody is treated differently. */
import type { SiteView } from '../views.ts'
import { Badge } from './badge.tsx'
import { Legend, lookOfPort, Mark } from './mark.tsx'
import { Table } from './table.tsx'
import { Ago } from './time.tsx'

export interface MatrixRow {
  address: string
  port: number
  service: string
  /** one for each site, in their order; null where the site does not know the port */
  verdicts: readonly (string | null)[]
}

export function rowsOf(sites: readonly SiteView[]): MatrixRow[] {
  const rows = new Map<string, { address: string; port: number; service: string; verdicts: (string | null)[] }>()
  sites.forEach((site, i) => {
    for (const { address, port, service, verdict } of site.ports) {
      const key = `${address} ${port}`
      const row = rows.get(key) ?? { address, port, service, verdicts: sites.map(() => null) }
      row.verdicts[i] = verdict
      rows.set(key, row)
    }
  })
  return [...rows.values()].sort((a, b) => a.port - b.port || a.address.localeCompare(b.address))
}

/** Seen differently from two sites that both know it. */
const differs = ({ verdicts }: MatrixRow): boolean => new Set(verdicts.filter((verdict) => verdict !== null)).size > 1

/** Rows at once: what differs stands first, so that nothing of it is cut. */
const MOST = 60

export const Matrix = ({ sites, now }: { sites: readonly SiteView[]; now: number }) => {
  const all = rowsOf(sites)
  if (all.length === 0) return <p class="none">No open port is known yet. The first scan finds them.</p>
  const rows = all.length <= MOST ? all : [...all.filter(differs), ...all.filter((row) => !differs(row))].slice(0, MOST)
  const addresses = new Set(rows.map((row) => row.address))
  const looks = rows.flatMap(({ verdicts }) => verdicts.filter((verdict) => verdict !== null).map(lookOfPort))
  const odd = all.filter(differs).length
  return (
    <>
      {sites.length > 1 && (
        <p>
          {odd === 0
            ? 'Every site sees the same.'
            : `${odd === 1 ? 'One port is' : `${odd} ports are`} seen differently from different sites: a rule that goes by country or address does that.`}
        </p>
      )}
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
      {rows.length < all.length && <p class="dim">{all.length - rows.length} further ports, all of them seen alike.</p>}
      <Legend looks={looks} />
    </>
  )
}

const Cell = ({ verdict }: { verdict: string | null }) => {
  if (verdict === null) return <span class="dim">not seen</span>
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
  </>
)
