/** The picture of a lost port as it stands on a page, and whether it tells what was observed. */
import type { Page } from 'playwright-core'

export interface DrawnTick {
  /** of the observation */
  id: string
  lane: string
  /** what it tells first: `open after 3 ms` */
  told: string
  x: number
}
/** A line of `GET /api/v1/scans/{id}/observations`. */
export interface Observed {
  id: string
  role: string
  address: string
  port: number
  sight: string
  code?: string | null
  at: string
  purpose?: string
}

/** The pictures of a page: the port each tells of, and its ticks. */
export const picturesOn = (page: Page): Promise<{ port: number; lanes: string[]; ticks: DrawnTick[] }[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('figure.picture')].map((figure) => ({
      port: Number(/port (\d+)/i.exec(figure.querySelector('[aria-label]')?.getAttribute('aria-label') ?? '')?.[1]),
      lanes: [...figure.querySelectorAll<SVGGElement>('g.lane')].map((lane) => lane.dataset.name ?? ''),
      ticks: [...figure.querySelectorAll<SVGPathElement>('g.lane path.tick')].map((tick) => ({
        id: tick.id.replace(/^obs-/, ''),
        lane: tick.closest<SVGGElement>('g.lane')?.dataset.name ?? '',
        // Once script runs the mark's label says its lane before.
        told:
          tick.getAttribute('aria-label')?.replace(/^[^:]*: /, '') ?? tick.querySelector('title')?.textContent ?? '',
        x: tick.getBoundingClientRect().x,
      })),
    })),
  )

/** A touch that was left out on purpose saw nothing: nobody looked. */
const wordsOf = ({ sight, code }: Observed): string =>
  sight === 'probe_fault' && ['RATION', 'LEASE', 'REFUSED_BY_PROBE'].includes(code ?? '')
    ? 'not looked'
    : sight.replaceAll('_', ' ')

/** The kept connection stands apart from the touches of whoever keeps it. */
const laneOf = ({ purpose, role }: Observed): string => (purpose === 'canary' ? purpose : role)

/** One sentence for each thing that a picture says and the observations do not, or the other way round. */
export function pictureFaults(
  picture: { port: number; lanes: readonly string[]; ticks: readonly DrawnTick[] },
  all: readonly Observed[],
): string[] {
  const byId = new Map(all.map((one) => [one.id, one]))
  const faults: string[] = []
  for (const { id, lane, told } of picture.ticks) {
    const seen = byId.get(id)
    if (!seen) faults.push(`${lane} draws ${id}, which nobody observed`)
    else if (!told.startsWith(wordsOf(seen)))
      faults.push(`${lane} draws ${id} as "${told.slice(0, 40)}", which was ${seen.sight}`)
    else if (lane !== 'beacon' && (seen.port !== picture.port || !lane.startsWith(laneOf(seen))))
      faults.push(`${id} of ${seen.role} at port ${seen.port} is drawn in the lane of ${lane} at port ${picture.port}`)
  }
  const drawn = new Set(picture.ticks.map(({ id }) => id))
  const own = all.filter(({ port, purpose }) => port === picture.port && purpose !== 'beacon')
  // Of touches that fall together some are not drawn, but never all of one source and sight.
  for (const { role, sight } of own)
    if (!own.some((one) => one.role === role && one.sight === sight && drawn.has(one.id)))
      faults.push(`nothing of what ${role} saw as ${sight} is drawn`)
  for (const lane of picture.lanes) {
    const ticks = picture.ticks
      .filter((tick) => tick.lane === lane)
      .map(({ id, x }) => ({ x, at: byId.get(id)?.at ?? '' }))
    const inTime = ticks.toSorted((a, b) => a.at.localeCompare(b.at))
    if (inTime.some(({ x }, i) => i > 0 && x < (inTime[i - 1]?.x ?? x) - 1))
      faults.push(`the lane of ${lane} is not in the order of time`)
  }
  return [...new Set(faults)]
}
