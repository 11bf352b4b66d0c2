import type { Step, TouchTarget } from '../../schema/wire.ts'
import { LIMITS } from '../../schema/wire.ts'
import type { EndpointEvidence } from './evidence.ts'
import { mayTouch } from './ration.ts'
import { FIRST_ROUNDS, roundNumber, roundTimes, TOUCH_TIMEOUT_MS } from './rounds.ts'

export const touchOf = ({ address, port, check, service }: EndpointEvidence): TouchTarget => ({
  address,
  port,
  check,
  service,
})

/** The times at which a member touched an endpoint, as far as they count against its ration. */
export const touchTimes = (endpoint: EndpointEvidence, probeId: string): number[] =>
  endpoint.looks
    // The scanner's engagement is its work and its watch; the ration is for what verification adds.
    .filter((look) => look.probeId === probeId && !(look.role === 'scanner' && look.observation.purpose !== 'verify'))
    .map((look) => look.at)

/**
 * The verification of some endpoints as one member's steps: rounds `from` to `to` (exclusive) of a batch that starts at
 * `startAt`. Endpoints whose rounds fall on the same second share a step. A touch that would break the ration is left out.
 */
export function roundSteps(
  batch: number,
  startAt: number,
  endpoints: readonly EndpointEvidence[],
  probeId: string,
  from = 0,
  to = FIRST_ROUNDS,
): Step[] {
  const steps = new Map<string, { at: number; round: number; touches: TouchTarget[] }>()
  for (const endpoint of endpoints) {
    const times = roundTimes(endpoint.rationed)
    const spent = touchTimes(endpoint, probeId)
    for (let index = from; index < Math.min(to, times.length); index++) {
      const at = startAt + (times[index] as number)
      if (endpoint.rationed) {
        if (!mayTouch(spent, at)) continue
        spent.push(at)
      }
      const round = roundNumber(batch, index)
      const step = steps.get(`${at}|${round}`) ?? { at, round, touches: [] }
      steps.set(`${at}|${round}`, step)
      step.touches.push(touchOf(endpoint))
    }
  }
  return [...steps.values()]
    .toSorted((a, b) => a.at - b.at || a.round - b.round)
    .map(({ at, round, touches }) => ({
      at,
      purpose: 'verify',
      round,
      touches,
      timeoutMs: TOUCH_TIMEOUT_MS,
      beacon: true,
    }))
}

/**
 * Each endpoint once, a few at a time: a burst of connects to many ports is what port scan detectors look for, and a
 * witness that is banned is a witness lost.
 */
export function pacedSteps(touches: readonly TouchTarget[], startAt: number, perStep: number, gapMs: number): Step[] {
  const size = Math.min(LIMITS.endpointsPerStep, perStep)
  const steps: Step[] = []
  for (let i = 0; i < touches.length; i += size)
    steps.push({
      at: startAt + (i / size) * gapMs,
      purpose: 'baseline',
      touches: touches.slice(i, i + size),
      timeoutMs: TOUCH_TIMEOUT_MS,
      beacon: false,
    })
  return steps
}

/** Nine would do on a clean way (detection-science.md, 4.5); six held back of twelve are no loss of 20 % either. */
export const BURST_CONNECTS = 12

/** E2: connects at once to a port that refuses; throttled ICMP answers six of them at once, a reset all. */
export const burstStep = (endpoint: EndpointEvidence, at: number): Step => ({
  at,
  purpose: 'explain',
  experiment: 'E2',
  touches: [{ ...touchOf(endpoint), check: 'tcp' }],
  burst: BURST_CONNECTS,
  timeoutMs: 3_000,
  beacon: false,
})
