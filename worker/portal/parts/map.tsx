/** Where the sites stand, and how they are. */
import { html } from 'hono/html'
import { count } from '../../core/text.ts'
import { type Site, sitesOf } from '../map/places.ts'
import { GAP, HEIGHT, LAND, WIDTH } from '../map/world.ts'
import type { ProbeHealth } from '../overview-views.ts'
import { Legend, type Look, Mark, pathOf } from './mark.tsx'

const HEALTH: Record<Site['health'], Look> = {
  fit: { shape: 'circle', tone: 'good', text: 'all probes fit' },
  mixed: { shape: 'triangle', tone: 'warn', text: 'some probes out' },
  out: { shape: 'diamond', tone: 'bad', text: 'no probe at work' },
}
const BOX = 12

const fitOf = ({ probes }: Site): number => probes.filter(({ state }) => state === 'fit').length
const saidOf = (site: Site): string =>
  `${site.site}${site.country ? `, ${site.country}` : ''}: ${fitOf(site)} of ${count(site.probes.length, 'probe')} fit`

function place(site: Site) {
  const { shape, tone } = HEALTH[site.health]
  const { x, y } = site.at ?? { x: 0, y: 0 }
  return html`<a href="/fleet"><title>${saidOf(site)}</title>
    <circle class="halo" cx="${x}" cy="${y}" r="11"/>
    <path class="mark ${tone}" fill-rule="evenodd" d="${pathOf(shape)}" transform="translate(${x - BOX / 2} ${y - BOX / 2})"/>
  </a>`
}

export const SiteMap = ({ probes }: { probes: readonly ProbeHealth[] }) => {
  const sites = sitesOf(probes)
  const placed = sites.filter((site) => site.at !== null)
  return (
    <div class="world">
      {placed.length > 0 &&
        html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}">
          <title>Sites on a map of the world</title>
          <path class="land" d="${LAND}" stroke-dasharray="0 ${GAP}"/>
          ${placed.map(place)}
        </svg>`}
      <ul class="sites" aria-label="Sites">
        {sites.map((site) => (
          <li>
            <Mark {...HEALTH[site.health]} label={HEALTH[site.health].text} />{' '}
            <strong class="break">{site.site}</strong>{' '}
            <span class="dim break">
              {[site.country ?? 'no country', site.provider].filter((word) => word !== null).join(', ')} ·{' '}
              <span class="whole">
                {fitOf(site)} of {site.probes.length} fit
              </span>
            </span>
          </li>
        ))}
      </ul>
      <Legend looks={sites.map((site) => HEALTH[site.health])} />
    </div>
  )
}
