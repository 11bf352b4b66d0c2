import { type FleetProbe, PROBE_STATE, PROBE_STATES, SITE_COLUMNS, type SiteLine, shownColumns } from './fleet-rows.tsx'
import { Page } from './layout.tsx'
import { type ListAsk, Listing } from './parts/listing.tsx'
import { Tabs } from './parts/tabs.tsx'
import type { Frame } from './views.ts'

export const FleetTabs = () => (
  <Tabs
    label="Fleet"
    tabs={[
      { href: '/fleet', name: 'Probes' },
      { href: '/fleet/enrol', name: 'Enrol a probe' },
      { href: '/fleet/beacons', name: 'Beacons' },
      { href: '/fleet/canaries', name: 'Canaries' },
    ]}
  />
)

export interface Fleet {
  frame: Frame
  /** all of them, for the figures */
  all: readonly FleetProbe[]
  rows: readonly FleetProbe[]
  ask: ListAsk
  next: string | null
}

const RENEW_S = 60

const countOf = (all: readonly FleetProbe[], test: (probe: FleetProbe) => boolean): number => all.filter(test).length
const sitesOf = (all: readonly FleetProbe[]): string[] => [...new Set(all.map(({ site }) => site))].toSorted()

export const FleetPage = ({ frame, all, rows, ask, next }: Fleet) => {
  const sites = sitesOf(all.filter(({ state }) => state === 'fit' || state === 'not_fit'))
  const troubled = countOf(all, ({ state }) => state !== 'fit' && state !== 'drained')
  const old = countOf(all, ({ upgradeTo }) => upgradeTo !== null)
  return (
    <Page title="Fleet" frame={frame} renewAfter={RENEW_S} islands={['fresh.js']}>
      <h1>Fleet</h1>
      <FleetTabs />
      <p class="lead measure">
        Each probe is one process with one source address. A verdict needs a sibling at the same site and witnesses at
        other sites.
      </p>
      <dl class="strip" id="tally" data-fresh={String(RENEW_S)}>
        <div>
          <dt>Probes</dt>
          <dd>{all.length}</dd>
        </div>
        <div>
          <dt>Sites online</dt>
          <dd>{sites.length}</dd>
        </div>
        <div>
          <dt>Need a look</dt>
          <dd>{troubled}</dd>
        </div>
        <div>
          <dt>To upgrade</dt>
          <dd>{old}</dd>
        </div>
      </dl>
      <Listing
        label="Probes"
        columns={shownColumns(frame.now)}
        rows={rows}
        ask={ask}
        next={next}
        searches="Site, address, provider or country"
        part={{ id: 'probes', 'data-fresh': String(RENEW_S) }}
        filters={[
          {
            name: 'state',
            label: 'State',
            options: PROBE_STATES.map((value) => ({ value, text: PROBE_STATE[value].text })),
          },
          { name: 'site', label: 'Site', options: sitesOf(all).map((value) => ({ value, text: value })) },
          { name: 'version', label: 'Version', options: [{ value: 'old', text: 'to upgrade' }] },
        ]}
        none={
          <>
            No probe yet. <a href="/fleet/enrol">Enrol the first one</a>: two at one site and one each at two others
            make a panel.
          </>
        }
      />
    </Page>
  )
}

/** For those whose fleet it is not. */
export const SitesPage = ({ frame, rows, ask, next }: Omit<Fleet, 'all' | 'rows'> & { rows: readonly SiteLine[] }) => (
  <Page title="Fleet" frame={frame}>
    <h1>Fleet</h1>
    <p class="lead measure">
      The sites that scan your targets and look along as witnesses. Whoever runs this stack runs them; their published
      addresses are on <a href="/ranges">Our addresses</a>.
    </p>
    <Listing
      label="Sites"
      columns={SITE_COLUMNS}
      rows={rows}
      ask={ask}
      next={next}
      searches="Site, provider or country"
      none="No probe is enrolled yet: no scan can be made."
    />
  </Page>
)
