/** Ports of one address that fell in one event have one cause: what is seen at each of them speaks for all. */
import { FEATURES, type FeatureName, type Features, type Seen } from './features.ts'

export interface LostPort {
  address: string
  /** when the loss was first seen */
  lostAt: number
  features: Features
}

/** Losses that begin this close together began with the same event. */
const SAME_EVENT_MS = 10_000

/** The same ports in the same order, each with the features of its whole event. */
export function shareFeatures(lost: readonly LostPort[]): Features[] {
  const events: LostPort[][] = []
  for (const port of lost.toSorted((a, b) => a.lostAt - b.lostAt)) {
    const event = events.find((one) => isSameEvent(one.at(-1) as LostPort, port))
    if (event) event.push(port)
    else events.push([port])
  }
  return lost.map((port) => {
    const event = events.find((one) => one.includes(port)) as LostPort[]
    return joined(
      port.features,
      event.map(({ features }) => features),
    )
  })
}

/** On one address, at one time, failing in one way, for the same sources. */
const isSameEvent = (before: LostPort, after: LostPort): boolean =>
  before.address === after.address &&
  after.lostAt - before.lostAt <= SAME_EVENT_MS &&
  before.features.mode?.value === after.features.mode?.value &&
  before.features.who?.value === after.features.who?.value

/** What the event as a whole says; in this port's own words where it says the same. */
function joined(own: Features, ports: readonly Features[]): Features {
  if (ports.length < 2) return own
  const features: Features = {}
  for (const name of Object.keys(FEATURES) as FeatureName[]) {
    const seen = ports.flatMap((port) => port[name] ?? [])
    const tell = TELLING[name] ?? mostSeen
    const one = tell(seen)
    if (one) features[name] = own[name]?.value === one.value ? own[name] : one
  }
  return features
}

/** Of these one port may tell what the others could not show. */
const TELLING: Partial<Record<FeatureName, (seen: readonly Seen[]) => Seen | undefined>> = {
  onset: (seen) => reachedFirst(seen),
  service: (seen) => oneService(seen),
  // What let one of them through now and then is no ban of the others either.
  flicker: (seen) => seen.find(({ value }) => value === 'now_and_then') ?? seen[0],
}

/** A port that was never reached fell before its turn came, when another was lost in mid-scan. */
const reachedFirst = (seen: readonly Seen[]): Seen | undefined =>
  seen.find(({ value }) => value === 'during') ?? seen[0]

/** What fell beside other services was not shut for what it serves. */
function oneService(seen: readonly Seen[]): Seen | undefined {
  const telling = seen.filter(({ value }) => value !== 'other')
  return telling.every(({ value }) => value === telling[0]?.value) ? (telling[0] ?? seen[0]) : undefined
}

/** The value seen at most ports; of equals the first. */
function mostSeen(seen: readonly Seen[]): Seen | undefined {
  const timesOf = (one: Seen) => seen.filter(({ value }) => value === one.value).length
  return seen.toSorted((a, b) => timesOf(b) - timesOf(a))[0]
}
