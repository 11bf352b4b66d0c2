/** The pictures of a scan's lost ports, each made when it is asked for. */
import { endpointKey, type PanelMember } from '../../../schema/facts.ts'
import type { PortVerdict } from '../../../schema/judgement.ts'
import type { Seen } from '../../../schema/seen.ts'
import { count } from '../../core/text.ts'
import { lifeOf } from '../parts/timeline.tsx'
import { spoken } from '../words.ts'
import { type Picture, pictureOf, whoIs } from './model.ts'
import { isSeenAs, sightName } from './sights.ts'
import { svgOf } from './svg.ts'
import type { Sources } from './telling.ts'

/** What pictures of one scan are made of. */
export interface Album {
  scanId: string
  target: string
  seen: Seen
  panel: readonly PanelMember[]
  from: number
  to: number
  /** by `endpointKey`, when the first alarm named it */
  alarmAt: Readonly<Record<string, number>>
  sources: Sources
}

export const albumOf = (parts: Omit<Album, 'sources'>): Album => ({ ...parts, sources: sourcesOf(parts) })

/** With those observations alone that a source of this role made, and that are `SEEN_AS` this; '' chooses nothing. */
export function chosenFrom(album: Album, { role, sight }: { role: string; sight: string }): Album {
  if (role === '' && sight === '') return album
  const probes = new Set(album.panel.filter((member) => member.role === role).map(({ probeId }) => probeId))
  const touches = album.seen.touches.filter(
    ({ probeId, touch }) => (role === '' || probes.has(probeId)) && (sight === '' || isSeenAs(touch, sight)),
  )
  return { ...album, seen: { ...album.seen, touches } }
}

export const pictureIn = ({ seen, panel, from, to, alarmAt }: Album, port: PortVerdict): Picture | null =>
  pictureOf({ port, seen, panel, scan: { from, to, alarmAt: alarmAt[endpointKey(port)] ?? null } })

function sourcesOf({ seen, panel, from }: Omit<Album, 'sources'>): Sources {
  const names = new Map(panel.map((member) => [member.probeId, whoIs(member, panel)]))
  return { from, byRun: new Map(seen.touches.map(({ runId, probeId }) => [runId, names.get(probeId) ?? probeId])) }
}

/** As it stands in a page. */
export const inPage = (album: Album, picture: Picture): string =>
  svgOf(picture, { sources: album.sources, alone: null, summary: summaryOf(album, picture) })

/** As a file of its own. */
export function asFile(album: Album, picture: Picture): string {
  const { port } = picture
  const service = port.service === 'unknown' ? '' : ` (${port.service})`
  return svgOf(picture, {
    sources: album.sources,
    alone: {
      title: `Port ${port.port}${service} on ${port.address}: ${spoken(port.verdict)}${port.strength ? `, ${port.strength}` : ''}`,
      lines: [
        `${album.target} · scan ${album.scanId} · started ${new Date(album.from).toISOString().slice(0, 19)}Z · times in UTC · Portwitness`,
        lifeOf(port, album.from, album.to),
      ],
    },
    summary: summaryOf(album, picture),
  })
}

/** `scanner: 3 open, 7 cut; sibling: 8 open` */
export function summaryOf({ from, to }: Album, { port, lanes, touches }: Picture): string {
  const each = lanes.map(({ name, ticks }) => {
    const tally = new Map<string, number>()
    for (const { touch } of ticks) tally.set(sightName(touch), (tally.get(sightName(touch)) ?? 0) + 1)
    const sights = [...tally].map(([name, times]) => `${times} ${name}`)
    return `${name}: ${sights.join(', ') || 'nothing'}`
  })
  return `${count(touches, 'observation')}, ${lifeOf(port, from, to)}. ${each.join('; ')}.`
}
