/** The way between one probe and the target: loss of single packets, bursts of it, and outages. */
export interface PathSpec {
  /** loss of a single packet, in either direction */
  loss: number
  rttMs: number
  /** stretches without any packet, ms after the start */
  outages?: readonly Outage[]
  /** Gilbert–Elliott: mean length of good and bad stretches, and the loss in the bad ones */
  bursts?: { goodMs: number; badMs: number; loss: number }
}
export interface Outage {
  from: number
  to: number
  /** so near the probe that its beacon is cut off as well */
  near?: boolean
}

export interface Path {
  rttMs: number
  passes(at: number): boolean
  /** the same for packets to the probe's beacon */
  reachesBeacon(at: number): boolean
  /** by how much a retransmission of ours comes late */
  slackMs(): number
}

/** The kernel's timer wheel rounds a timer of a second up, by 32 ms at 250 and 64 ms at 1,000 ticks (kernel/time/timer.c). */
const SLACK_MS = 48

export function pathOf(spec: PathSpec, roll: () => number): Path {
  const isOut = (at: number, nearOnly: boolean) =>
    spec.outages?.some((outage) => at >= outage.from && at < outage.to && (!nearOnly || outage.near === true)) ?? false
  const bad = spec.bursts ? burstsOf(spec.bursts, roll) : null
  const lossAt = (at: number) => (bad?.(at) ? (spec.bursts?.loss ?? 1) : spec.loss)
  return {
    rttMs: spec.rttMs,
    passes: (at) => !isOut(at, false) && roll() >= lossAt(at),
    reachesBeacon: (at) => !isOut(at, true) && roll() >= spec.loss,
    slackMs: () => roll() * SLACK_MS,
  }
}

/** Exponential good and bad stretches in turn, drawn as far as they are asked for. */
function burstsOf({ goodMs, badMs }: NonNullable<PathSpec['bursts']>, roll: () => number): (at: number) => boolean {
  const edges: number[] = [-goodMs * Math.log(1 - roll())]
  return (at) => {
    if (!Number.isFinite(at)) return false
    while ((edges.at(-1) as number) <= at) {
      const mean = edges.length % 2 === 1 ? badMs : goodMs
      edges.push((edges.at(-1) as number) - mean * Math.log(1 - roll()))
    }
    return edges.findIndex((edge) => edge > at) % 2 === 1
  }
}
