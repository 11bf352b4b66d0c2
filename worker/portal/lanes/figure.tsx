import { raw } from 'hono/html'
import { observationId } from '../../../schema/facts.ts'
import type { PortVerdict } from '../../../schema/judgement.ts'
import { anchorOf } from '../parts/port.tsx'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { lifeOf } from '../parts/timeline.tsx'
import { spoken } from '../words.ts'
import { type Album, inPage } from './album.ts'
import { type Picture, touchesOf } from './model.ts'
import { saidWords, sightWords, whyWords } from './telling.ts'

/** Rows of the list below a picture; the files have all. */
const ROWS = 40

export const pictureHref = ({ scanId }: Album, { port, address }: PortVerdict): string =>
  `/scans/${scanId}/lanes/${port}.svg?address=${encodeURIComponent(address)}`

const filesHref = ({ scanId }: Album, { port, address }: PortVerdict, format: string): string =>
  `/scans/${scanId}/observations?port=${port}&address=${encodeURIComponent(address)}&format=${format}`

/** The picture of one port in its page, with what its marks tell for those who point at them, and all of it as a list. */
export const LanesFigure = ({ album, picture, name }: { album: Album; picture: Picture; name: string }) => {
  const { port } = picture
  const id = `lanes-${anchorOf(port)}`
  return (
    <figure class="picture">
      <figcaption>
        {name}
        {lifeOf(port, album.from, album.to)}
      </figcaption>
      {/* What scrolls must be reachable by keyboard (WCAG 2.1.1): hence the tabindex. */}
      <section
        class="scroll"
        tabindex={0}
        aria-label={`Picture of port ${port.port}, scrolls on narrow screens`}
        id={id}
      >
        {raw(inPage(album, picture))}
      </section>
      <div class="under">
        <span class="dim hint">
          Each mark is one touch.
          {picture.folds.length > 0 && ' Where nobody looked for a while the axis is drawn shorter.'}
          <span class="keys" hidden>
            {' '}
            Point at a mark, or reach it with Tab and the arrow keys.
          </span>
        </span>
        <span>
          <a href={pictureHref(album, port)}>Picture alone</a>
        </span>
      </div>
      <TouchList album={album} port={port} />
    </figure>
  )
}

const TouchList = ({ album, port }: { album: Album; port: PortVerdict }) => {
  const { own, beacons } = touchesOf(port, album.seen)
  const all = [...own, ...beacons].sort((a, b) => a.touch.at - b.touch.at)
  const { byRun } = album.sources
  return (
    <details class="touches">
      <summary>
        All {all.length} observations of port {port.port}
      </summary>
      <Table
        label={`Observations of port ${port.port}`}
        columns={['At', 'Seen by', 'Sight', 'It sent', 'Made for', 'Observation']}
        rows={all
          .slice(0, ROWS)
          .map(({ touch, runId }) => [
            <Time at={touch.at} />,
            byRun.get(runId)?.split(', ').slice(0, 2).join(', ') ?? '',
            <span class={`sight ${touch.sight}`}>{sightWords(touch)}</span>,
            <span class="break">{saidWords(touch)}</span>,
            spoken(whyWords(touch)),
            <code>{observationId(runId, touch.n).slice(-16)}</code>,
          ])}
      />
      <div class="under">
        <span>{all.length > ROWS && `The first ${ROWS} are shown; the files have all.`}</span>
        <span>
          Take it along: <a href={filesHref(album, port, 'csv')}>CSV</a>,{' '}
          <a href={filesHref(album, port, 'jsonl')}>JSON Lines</a>
        </span>
      </div>
    </details>
  )
}
