/** From what was seen of one lost port to what its picture shows. Places are in units of the picture, times in milliseconds UTC. */
import { observationId, type PanelMember } from '../../../schema/facts.ts'
import type { PortVerdict } from '../../../schema/judgement.ts'
import type { Seen, SeenTouch } from '../../../schema/seen.ts'
import type { Observation, Span } from '../../../schema/wire.ts'
import { type Purpose, ROLES, whyUnmade } from '../../../schema/words.ts'
import { indexOf } from '../../core/rounds.ts'
import { type Axis, axisOf } from './axis.ts'
import { drawnOf } from './sights.ts'

/** Where the axis begins and ends, and what of it is kept for the time after the scan, if that was watched. */
export const LEFT = 176
export const RIGHT = 944
const AFTER_SHARE = 0.2
const SEAM = 18

/** Ticks of the same sight nearer than this hide each other. */
const NEAR = 8
/** Ticks nearer than this are drawn at different heights. */
const TOUCHING = 7

export interface Tick {
  /** of the observation */
  id: string
  x: number
  /** off the middle of the lane */
  dy: number
  touch: Observation
  runId: string
  /** the rules whose evidence it is */
  rules: readonly string[]
}

export interface Lane {
  name: string
  /** who that is, as its label says it */
  detail: string
  /** … and in full; null when its marks are of several sources */
  who: string | null
  ticks: readonly Tick[]
  /** stretches of open watching */
  spans: readonly { x1: number; x2: number; touches: number }[]
  /** touches that fell together with others of the same sight, and are not drawn */
  hidden: number
}

export interface Band {
  name: string
  x1: number
  x2: number
  from: number
  to: number
}

export interface Mark {
  name: string
  at: number
  x: number
}

export interface Picture {
  port: PortVerdict
  from: number
  lanes: readonly Lane[]
  phases: readonly Band[]
  marks: readonly Mark[]
  /** rounds of verification, each counted from 1 */
  rounds: readonly Mark[]
  labels: Axis['labels']
  folds: Axis['folds']
  /** from the last touch that failed to the first that did not: when it came back nobody saw; null when it did not */
  unknown: { x1: number; x2: number; from: number; to: number } | null
  lost: { x1: number; x2: number } | null
  /** where the scan had ended and its port was watched further; null when it was not */
  seam: number | null
  ids: ReadonlySet<string>
  /** that were made */
  touches: number
}

export interface PictureOf {
  port: PortVerdict
  seen: Seen
  panel: readonly PanelMember[]
  /** start of the scan, and its end, or now */
  scan: { from: number; to: number; alarmAt: number | null }
}

const isOf = (port: { address: string; port: number }, one: { address: string; port: number }): boolean =>
  one.port === port.port && one.address === port.address

/** The touches of this port, and those of beacons in its rounds. */
export function touchesOf(port: PortVerdict, seen: Seen): { own: SeenTouch[]; beacons: SeenTouch[] } {
  const own = seen.touches.filter(({ touch }) => touch.purpose !== 'beacon' && isOf(port, touch))
  const rounds = new Set(own.flatMap(({ touch }) => (touch.purpose === 'verify' ? [touch.round] : [])))
  const beacons = seen.touches.filter(({ touch }) => touch.purpose === 'beacon' && rounds.has(touch.round))
  return { own, beacons }
}

/** Null when nothing of the port is known that could be drawn. */
export function pictureOf({ port, seen, panel, scan }: PictureOf): Picture | null {
  const { own, beacons } = touchesOf(port, seen)
  const spans = seen.spans.filter(({ span }) => isOf(port, span))
  if (own.length === 0 && spans.length === 0) return null
  const { from } = scan
  const place = placesOf(port, own, beacons, spans, scan)
  const rules = rulesOf(port)
  const isCanary = ({ touch }: SeenTouch) => touch.purpose === 'canary'
  const lanes = panel
    .toSorted((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role))
    .flatMap((member) => {
      const who = whoIs(member, panel)
      const theirs = own.filter((one) => one.probeId === member.probeId)
      const watched = spans.flatMap(({ probeId, span }) => (probeId === member.probeId ? [span] : []))
      const where = `${member.sourceAddress} ${member.site}`
      const asked = theirs.filter((one) => !isCanary(one))
      // An old connection that still stands says nothing of whether a new one is let in: it has a lane of its own.
      const kept = theirs.filter(isCanary)
      return [
        laneOf(nameOf(member, panel), where, who, asked, watched, rules, place.at),
        ...(kept.length > 0 ? [laneOf('canary', 'idle connection, kept', who, kept, [], rules, place.at)] : []),
      ]
    })
  if (beacons.length > 0) lanes.push(laneOf('beacon', 'beside each round', null, beacons, [], rules, place.at))
  const lostEnd = port.recoveredBetween?.[0] ?? place.end
  return {
    port,
    from,
    lanes,
    phases: phasesOf(own, seen, scan).map((band) => ({ ...band, x1: place.at(band.from), x2: place.at(band.to) })),
    marks: marksOf(port, scan.alarmAt).map((mark) => ({ ...mark, x: place.at(mark.at) })),
    rounds: roundsOf(own).map((mark) => ({ ...mark, x: place.at(mark.at) })),
    labels: place.labels,
    folds: place.folds,
    lost: port.lostAt === null ? null : { x1: place.at(port.lostAt), x2: place.at(Math.max(port.lostAt, lostEnd)) },
    unknown: port.recoveredBetween && {
      ...{ from: port.recoveredBetween[0], to: port.recoveredBetween[1] },
      ...{ x1: place.at(port.recoveredBetween[0]), x2: place.at(port.recoveredBetween[1]) },
    },
    seam: place.seam,
    ids: new Set(lanes.flatMap(({ ticks }) => ticks.map(({ id }) => id))),
    touches: own.filter(({ touch }) => !whyUnmade(touch)).length,
  }
}

/** `scanner`, `sibling`, `witness 1` … in the order of the panel, as the raw output has them. */
export function nameOf(member: PanelMember, panel: readonly PanelMember[]): string {
  if (member.role !== 'witness') return member.role
  return `witness ${panel.filter(({ role }) => role === 'witness').indexOf(member) + 1}`
}

/** `witness 1, 198.51.100.21, nyc-1, US` */
export const whoIs = (member: PanelMember, panel: readonly PanelMember[]): string =>
  [nameOf(member, panel), member.sourceAddress, member.site, member.country].filter(Boolean).join(', ')

/** One axis for the scan and, behind a seam, one for the time after it in which the port was waited for. */
function placesOf(
  port: PortVerdict,
  own: readonly SeenTouch[],
  beacons: readonly SeenTouch[],
  spans: readonly { span: Span }[],
  scan: PictureOf['scan'],
) {
  const marks = [port.lostAt, port.fastAt, port.confirmedAt, ...(port.recoveredBetween ?? [])].filter(
    (at) => at !== null,
  )
  const touched = [...own, ...beacons].map(({ touch }) => touch.at)
  const times = [...touched, ...marks, ...spans.flatMap(({ span }) => [span.from, span.to])]
  const last = times.reduce((latest, at) => Math.max(latest, at), 0)
  const isAfter = last > scan.to
  const seam = isAfter ? RIGHT - (RIGHT - LEFT) * AFTER_SHARE : RIGHT
  const main = axisOf(times, scan.from, Math.max(scan.to, scan.from + 1), LEFT, seam)
  if (!isAfter) return { at: main.place, labels: main.labels, folds: main.folds, seam: null, end: scan.to }
  const after = axisOf(times, scan.to, last, seam + SEAM, RIGHT)
  return {
    at: (at: number) => (at <= scan.to ? main.place(at) : after.place(at)),
    labels: [...main.labels.filter(({ x }) => x < seam - 40), ...after.labels.slice(1), { at: last, x: RIGHT }].filter(
      (label, i, all) => label.at === last || label.x < RIGHT - 60 || i === all.length - 1,
    ),
    folds: [...main.folds, ...after.folds],
    seam: seam + SEAM / 2,
    end: last,
  }
}

function rulesOf(port: PortVerdict): Map<string, string[]> {
  const rules = new Map<string, string[]>()
  for (const { rule, observations } of port.evidence)
    for (const id of observations) {
      const known = rules.get(id)
      if (!known) rules.set(id, [rule])
      else if (!known.includes(rule)) known.push(rule)
    }
  return rules
}

function laneOf(
  name: string,
  detail: string,
  who: string | null,
  touches: readonly SeenTouch[],
  spans: readonly Span[],
  rules: ReadonlyMap<string, readonly string[]>,
  place: (at: number) => number,
): Lane {
  const all = touches.toSorted((a, b) => a.touch.at - b.touch.at)
  const ticks: Tick[] = []
  for (const [i, { touch, runId }] of all.entries()) {
    const x = place(touch.at)
    const before = ticks.at(-1)
    const isLike = (other: SeenTouch | Tick | undefined) => other && drawnOf(other.touch) === drawnOf(touch)
    const changes = !isLike(before) || !isLike(all[i + 1])
    if (before && !changes && x - before.x < NEAR) continue
    const id = observationId(runId, touch.n)
    const isTouching = before !== undefined && x - before.x < TOUCHING
    const dy = isTouching ? (before.dy === 0 ? -7 : before.dy < 0 ? 7 : 0) : 0
    ticks.push({ id, x, dy, touch, runId, rules: rules.get(id) ?? [] })
  }
  return {
    ...{ name, detail, who, ticks, hidden: all.length - ticks.length },
    spans: spans.map((span) => ({ x1: place(span.from), x2: place(span.to), touches: span.touches })),
  }
}

/** What each purpose belongs to; the rest is no phase of the scan. */
const PHASE_OF: Partial<Record<Purpose, string>> = {
  discover: 'discover',
  phantom: 'discover',
  identify: 'discover',
  baseline: 'baseline',
  engage: 'engage',
  watch: 'engage',
  verify: 'verify',
  explain: 'explain',
  recheck: 'recheck',
  recover: 'recover',
}
/** These are the port's own; the scan does the others for all its ports at once. */
const OWN: readonly string[] = ['verify', 'explain', 'recover']

/** No phase's beginning is stored: each is told by the first and the last touch that was made for it, not by those left out. */
function phasesOf(own: readonly SeenTouch[], { times }: Seen, scan: PictureOf['scan']): Omit<Band, 'x1' | 'x2'>[] {
  const spans = new Map<string, { from: number; to: number }>()
  const add = (name: string, from: number, to: number) => {
    const known = spans.get(name)
    spans.set(name, { from: Math.min(from, known?.from ?? from), to: Math.max(to, known?.to ?? to) })
  }
  for (const { purpose, from, to } of times) {
    const name = PHASE_OF[purpose]
    if (name && !OWN.includes(name)) add(name, from, to)
  }
  for (const { touch } of own) {
    const name = whyUnmade(touch) ? undefined : PHASE_OF[touch.purpose]
    if (name && OWN.includes(name)) add(name, touch.at, touch.at + touch.afterMs)
  }
  add('discover', scan.from, scan.from)
  return [...spans].map(([name, span]) => ({ name, ...span })).sort((a, b) => a.from - b.from)
}

function marksOf(port: PortVerdict, alarmAt: number | null): Omit<Mark, 'x'>[] {
  return [
    { name: 'lost', at: port.lostAt },
    { name: 'alarm', at: alarmAt },
    { name: 'likely', at: port.fastAt },
    { name: 'confirmed', at: port.confirmedAt },
    { name: 'back', at: port.recoveredBetween?.[1] ?? null },
  ]
    .flatMap(({ name, at }) => (at === null ? [] : [{ name, at }]))
    .sort((a, b) => a.at - b.at)
}

function roundsOf(own: readonly SeenTouch[]): Omit<Mark, 'x'>[] {
  const first = new Map<number, number>()
  for (const { touch } of own)
    if (touch.purpose === 'verify' && touch.round !== undefined)
      first.set(touch.round, Math.min(touch.at, first.get(touch.round) ?? touch.at))
  return [...first].sort(([a], [b]) => a - b).map(([round, at]) => ({ name: String(indexOf(round) + 1), at }))
}
