/** The fleet as its operator sees it, and as everybody else may. */
import type { RangeState } from '../../schema/words.ts'
import { Badge } from './parts/badge.tsx'
import type { DataColumn } from './parts/listing.tsx'
import { Ago } from './parts/time.tsx'
import { RANGE, type Tone } from './words.ts'

export const PROBE_STATES = ['fit', 'not_fit', 'offline', 'drained', 'quarantined'] as const
export type ProbeState = (typeof PROBE_STATES)[number]

export interface FleetProbe {
  id: string
  site: string
  sourceAddress: string
  country: string | null
  provider: string | null
  asn: number | null
  agent: string
  /** the version that it should have; null when it has it */
  upgradeTo: string | null
  state: ProbeState
  /** why it is in this state; '' where nothing is to be said */
  why: string
  disagreement: number
  drainedAt: number | null
  quarantinedAt: number | null
  seenAt: number
  enrolledAt: number
  allowPrivate: boolean
  /** the published range that holds its address; null when none does, and it scans nothing then */
  range: { cidr: string; state: RangeState; activeFrom: number; retireAfter: number | null } | null
}

export const PROBE_STATE: Record<ProbeState, { tone: Tone; text: string; sentence: string }> = {
  fit: { tone: 'good', text: 'fit', sentence: 'It is online and fit to measure.' },
  not_fit: { tone: 'warn', text: 'not fit', sentence: 'It is online, but says itself that it is not fit to measure.' },
  offline: { tone: 'bad', text: 'offline', sentence: 'Nothing was heard of it for more than four minutes.' },
  drained: { tone: 'mute', text: 'drained', sentence: 'It goes on with what it has and gets nothing new.' },
  quarantined: { tone: 'bad', text: 'quarantined', sentence: 'It gets no work, and what it says is not believed.' },
}

export const ProbeBadge = ({ state }: { state: ProbeState }) => (
  <Badge tone={PROBE_STATE[state].tone} text={PROBE_STATE[state].text} />
)

export const RangeOfProbe = ({ range }: Pick<FleetProbe, 'range'>) =>
  range === null ? (
    <Badge tone="bad" text="in no range" />
  ) : (
    <>
      <Badge tone={RANGE[range.state]} text={range.state} />{' '}
      <span class="dim">
        <code>{range.cidr}</code>
      </span>
    </>
  )

/** `Hetzner, AS24940, DE` */
export const networkOf = ({ provider, asn, country }: Pick<FleetProbe, 'provider' | 'asn' | 'country'>): string =>
  [provider, asn === null ? null : `AS${asn}`, country].filter((word) => word !== null).join(', ')

export const probeColumns = (now: number): DataColumn<FleetProbe>[] => [
  {
    key: 'site',
    name: 'Site',
    sorts: true,
    cell: ({ id, site }) => (
      <a class="whole" href={`/fleet/${id}`}>
        {site}
      </a>
    ),
    value: ({ site }) => site,
  },
  { key: 'id', name: 'Id', cell: ({ id }) => <code>{id}</code>, value: ({ id }) => id },
  {
    key: 'sourceAddress',
    name: 'Source address',
    sorts: true,
    cell: ({ sourceAddress }) => <code>{sourceAddress}</code>,
    value: ({ sourceAddress }) => sourceAddress,
  },
  { key: 'network', name: 'Network', cell: networkOf },
  ...(['country', 'provider', 'asn'] as const).map(
    (key): DataColumn<FleetProbe> => ({
      key,
      name: key,
      cell: () => '',
      value: (probe) => probe[key],
    }),
  ),
  {
    key: 'state',
    name: 'State',
    sorts: true,
    cell: ({ state, why }) => (
      <>
        <ProbeBadge state={state} />
        {why !== '' && <div class="dim small">{why}</div>}
      </>
    ),
    value: ({ state }) => state,
  },
  { key: 'why', name: 'Why', cell: () => '', value: ({ why }) => why },
  {
    key: 'range',
    name: 'Range',
    cell: ({ range }) => <RangeOfProbe range={range} />,
    value: ({ range }) => (range ? `${range.cidr} ${range.state}` : ''),
  },
  {
    key: 'agent',
    name: 'Version',
    sorts: true,
    cell: ({ agent, upgradeTo }) => (
      <>
        <span class="whole">{agent.replace(/^portwitness\//, '')}</span>
        {upgradeTo !== null && (
          <div>
            <Badge tone="warn" text={`upgrade to ${upgradeTo}`} />
          </div>
        )}
      </>
    ),
    value: ({ agent }) => agent,
  },
  {
    key: 'seenAt',
    name: 'Last seen',
    sorts: true,
    cell: ({ seenAt }) => <Ago at={seenAt} now={now} />,
    value: ({ seenAt }) => new Date(seenAt).toISOString(),
  },
]
/** Columns that only files have are left out of the page. */
const FILE_ONLY: readonly string[] = ['id', 'country', 'provider', 'asn', 'why']
export const shownColumns = (now: number): DataColumn<FleetProbe>[] =>
  probeColumns(now).filter(({ key }) => !FILE_ONLY.includes(key))

/** A site, as every tenant may know it: who can witness a scan. */
export interface SiteLine {
  site: string
  country: string
  provider: string
  probes: number
  online: number
  fit: number
}

export const SITE_COLUMNS: readonly DataColumn<SiteLine>[] = [
  { key: 'site', name: 'Site', sorts: true, cell: ({ site }) => site, value: ({ site }) => site },
  { key: 'country', name: 'Country', sorts: true, cell: ({ country }) => country, value: ({ country }) => country },
  {
    key: 'provider',
    name: 'Provider',
    sorts: true,
    cell: ({ provider }) => provider,
    value: ({ provider }) => provider,
  },
  { key: 'probes', name: 'Probes', sorts: true, cell: ({ probes }) => probes, value: ({ probes }) => probes },
  {
    key: 'online',
    name: 'Online',
    sorts: true,
    cell: ({ online, probes }) =>
      online === 0 ? (
        <Badge tone="bad" text="none" />
      ) : (
        <Badge tone={online < probes ? 'warn' : 'good'} text={String(online)} />
      ),
    value: ({ online }) => online,
  },
  { key: 'fit', name: 'Fit to measure', sorts: true, cell: ({ fit }) => fit, value: ({ fit }) => fit },
]
