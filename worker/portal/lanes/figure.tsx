import { raw } from 'hono/html'
import type { PortVerdict } from '../../../schema/judgement.ts'
import { whyUnmade } from '../../../schema/words.ts'
import { anchorOf } from '../parts/port.tsx'
import { lifeOf } from '../parts/timeline.tsx'
import { type Album, inPage } from './album.ts'
import type { Picture } from './model.ts'

export const pictureHref = ({ scanId }: Album, { port, address }: PortVerdict): string =>
  `/scans/${scanId}/lanes/${port}.svg?address=${encodeURIComponent(address)}`

const listHref = ({ scanId }: Album, { port, address }: PortVerdict): string =>
  `/scans/${scanId}/observations?port=${port}&address=${encodeURIComponent(address)}`

/** What a mark stands for in this picture. */
function marksWords({ lanes }: Picture): string {
  const ticks = lanes.flatMap((lane) => lane.ticks)
  const what = [
    'one touch',
    ...(ticks.some(({ touch }) => whyUnmade(touch)) ? ['one that was left out'] : []),
    ...(ticks.some(({ touch }) => touch.purpose === 'canary') ? ['one look at the kept connection'] : []),
  ]
  const merged = lanes.some(({ hidden }) => hidden > 0) ? '; of marks alike and close together not all are drawn' : ''
  return `Each mark is ${what.join(' or ')}${merged}`
}

/** The picture of one port in its page, with what its marks tell for those who point at them. */
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
          {marksWords(picture)}; the axis is in UTC.
          {picture.folds.length > 0 && ' Where nobody looked for a while the axis is drawn shorter.'}
          <span class="keys" hidden>
            {' '}
            Point at a mark, or reach it with Tab and the arrow keys.
          </span>
        </span>
        <span>
          <a href={listHref(album, port)}>Its observations as a list</a> ·{' '}
          <a href={pictureHref(album, port)}>Picture alone</a>
        </span>
      </div>
    </figure>
  )
}
