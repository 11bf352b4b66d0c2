/** Every observation of a scan's lost ports, as a list: what its pictures are drawn from. */
import { observationId } from '../../../schema/facts.ts'
import type { SeenTouch } from '../../../schema/seen.ts'
import { ROLES, whyUnmade } from '../../../schema/words.ts'
import { count, number } from '../../core/text.ts'
import { Page } from '../layout.tsx'
import { type DataColumn, type ListAsk, Listing } from '../parts/listing.tsx'
import { ExactTime } from '../parts/time.tsx'
import type { Frame } from '../views.ts'
import { spoken } from '../words.ts'
import type { Album } from './album.ts'
import { isUnfit, SEEN_AS } from './sights.ts'
import { saidWords, sightWords, whyWords } from './telling.ts'

/** Rows of one page. */
const ROWS = 40

export const TOUCH_FILTERS = { port: null, address: null, role: ROLES, sight: SEEN_AS } as const

export interface ObservationsPageProps {
  frame: Frame
  album: Album
  /** the lost ports that this scan has observations of */
  ports: readonly number[]
  ask: ListAsk
  /** how many rows are on earlier pages */
  from: number
}

export const ObservationsPage = ({ frame, album, ports, ask, from }: ObservationsPageProps) => {
  const { touches, isCut } = album.seen
  const { port } = ask.filters
  const next = from + ROWS
  return (
    <Page title={`Observations of ${album.target}`} frame={frame}>
      <p class="crumb">
        <a href="/scans">Scans</a> / <a href={`/scans/${album.scanId}`}>Scan of {album.target}</a>
      </p>
      <h1>{port ? `Observations of port ${port}` : 'Observations of its lost ports'}</h1>
      <p class="dim">
        {touches.length === 0
          ? 'What was seen is kept for a while only.'
          : `${number(touches.length)} in order of time, those of the beacons with them${isCut ? '; there were more' : ''}.${unmadeWords(touches)}`}
      </p>
      <Listing
        label="Observations"
        columns={columnsOf(album)}
        rows={touches.slice(from, next)}
        ask={ask}
        next={next < touches.length ? String(next) : null}
        kept={ports.length > 1 ? ['address'] : ['port', 'address']}
        filters={[
          ...(ports.length > 1
            ? [
                {
                  ...{ name: 'port', label: 'Port', blank: 'all that were lost' },
                  options: ports.map((value) => ({ value: String(value), text: String(value) })),
                },
              ]
            : []),
          {
            ...{ name: 'role', label: 'Seen by' },
            options: ROLES.map((value) => ({ value, text: value })),
          },
          {
            ...{ name: 'sight', label: 'Sight' },
            options: SEEN_AS.map((value) => ({ value, text: spoken(value) })),
          },
        ]}
        none="No observation of it is kept."
      />
    </Page>
  )
}

/** What of a list is no observation: nobody looked. */
function unmadeWords(touches: readonly SeenTouch[]): string {
  const unmade = touches.filter(({ touch }) => whyUnmade(touch)).length
  if (unmade === 0) return ''
  return ` ${count(unmade, 'of them is a touch', 'of them are touches')} left out on purpose: nobody looked.`
}

/** `witness 1, 198.51.100.21, nyc-1`: none of its words is broken. */
const Source = ({ name }: { name: string }) => (
  <>
    {name.split(', ').map((word, i) => (
      <>
        {i > 0 && ', '}
        <span class="whole">{word}</span>
      </>
    ))}
  </>
)

const columnsOf = ({ sources }: Album): readonly DataColumn<SeenTouch>[] => [
  { key: 'at', name: 'At', cell: ({ touch }) => <ExactTime at={touch.at} /> },
  { key: 'by', name: 'Seen by', cell: ({ runId }) => <Source name={sources.byRun.get(runId) ?? ''} /> },
  {
    key: 'what',
    name: 'Touched',
    cell: ({ touch }) => <span class="whole">{touch.purpose === 'beacon' ? 'a beacon' : `port ${touch.port}`}</span>,
  },
  {
    key: 'sight',
    name: 'Sight',
    cell: ({ touch }) => (
      <>
        <span class={`sight ${touch.sight}`}>{sightWords(touch)}</span>
        {isUnfit(touch) && <span class="dim"> (its probe was not fit)</span>}
      </>
    ),
  },
  { key: 'sent', name: 'It sent', cell: ({ touch }) => <span class="break">{saidWords(touch)}</span> },
  { key: 'why', name: 'Made for', cell: ({ touch }) => spoken(whyWords(touch)) },
  { key: 'id', name: 'Observation', cell: ({ runId, touch }) => <code>{observationId(runId, touch.n)}</code> },
]
