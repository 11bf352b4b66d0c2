/** One line for each experiment that was made at an endpoint, for the raw output: what was done, what came of it. */
import type { EndpointEvidence, ScanEvidence } from '../evidence.ts'
import { clock, count, seconds } from '../text.ts'
import { looksOf } from './experiment.ts'
import { geographyOf, NEARNESS } from './geography.ts'
import { layerTest } from './layers.ts'
import { onsetOf } from './onset.ts'
import { rateTest } from './rate.ts'
import { renewalOf } from './renewal.ts'

/**
 * `[number, what it is, what came of it]` in order of number; those that were not made are left out. `wasBan`: the verdict
 * speaks of something that may run out.
 */
export function experimentLines(
  endpoint: EndpointEvidence,
  scan: ScanEvidence,
  lostAt: number | null,
  wasBan: boolean,
): (readonly [string, string, string])[] {
  const lines = [throttleLine(endpoint), rateLine(endpoint), layerLine(endpoint)]
  if (lostAt !== null) lines.push(onsetLine(endpoint, scan, lostAt), geographyLine(endpoint, scan))
  if (lostAt !== null && wasBan) lines.push(renewalLine(endpoint, lostAt))
  return lines.filter((line) => line !== null).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

type Line = readonly [string, string, string] | null

function throttleLine(endpoint: EndpointEvidence): Line {
  const looks = looksOf(endpoint, 'E2')
  const [first] = looks
  if (!first) return null
  const quick = looks.filter(({ failed, observation }) => failed && observation.afterMs < 500).length
  return [
    'E2',
    'throttle',
    `${clock(first.at)}  ${looks.length} connects at once: ${quick} refused at once, ${looks.length - quick} later or never`,
  ]
}

function rateLine(endpoint: EndpointEvidence): Line {
  const test = rateTest(endpoint, endpoint.cases.at(-1) ?? null)
  if (!test) return null
  const { burst, again, slow, beside } = test
  const [first] = looksOf(endpoint, 'E4')
  return [
    'E4',
    'rate',
    `${clock(first?.at ?? test.from)}  burst of ${burst.connects}: ${burst.prompt} at once, ${burst.late} late, ${burst.failed} not${again ? `; of ${again.n} again: ${again.n - again.bad} at once` : ''}; slow: ${slow.n - slow.bad} of ${slow.n}; others beside: ${beside.n - beside.bad} of ${beside.n}`,
  ]
}

function layerLine(endpoint: EndpointEvidence): Line {
  const test = layerTest(endpoint)
  if (!test) return null
  const [first] = endpoint.ladder
  const rungs = test.rungs.map(({ check, passed }) => `${check} ${passed ? 'passes' : 'is turned away'}`).join(', ')
  const witness =
    test.witnessPassed === null ? '' : `; a witness ${test.witnessPassed ? 'passes' : 'is turned away too'}`
  return ['E8', 'layers', `${clock(first?.at ?? 0)}  ${rungs}${witness}`]
}

function onsetLine(endpoint: EndpointEvidence, scan: ScanEvidence, lostAt: number): Line {
  const onset = onsetOf(endpoint, scan, lostAt)
  if (!onset) return null
  const [from, to] = onset.between
  const requests = onset.requests === null ? '' : `, ${count(onset.requests, 'stimulus', 'stimuli')} answered`
  const last = onset.last && onset.lagMs !== null ? `; the last stimulus came ${seconds(onset.lagMs)} before` : ''
  return [
    'E5',
    'onset',
    `lost between ${clock(from)} and ${clock(to)}, after ${count(onset.connects, 'stored connect')}${requests}, ${count(onset.ports, 'open port')} known${last}`,
  ]
}

function renewalLine(endpoint: EndpointEvidence, lostAt: number): Line {
  const renewal = renewalOf(endpoint, lostAt)
  if (!renewal) return null
  const { ifFixed, ifRenewed } = renewal
  const span = ([from, to]: readonly [number, number]) => `${seconds(from)} to ${seconds(to)}`
  return [
    'E6',
    'recovery',
    `a ban that ran by itself lasted ${span(ifFixed)}; ${ifRenewed ? `one that each touch renews lasts ${span(ifRenewed)}` : 'touches did not renew it'}`,
  ]
}

function geographyLine(endpoint: EndpointEvidence, scan: ScanEvidence): Line {
  const one = endpoint.cases.findLast(({ rounds }) => rounds.some(({ scanner }) => scanner.failed)) ?? null
  const geography = geographyOf(endpoint, one, scan)
  if (!geography) return null
  const { reached, failed, untold } = geography
  const circles = NEARNESS.filter((circle) => reached[circle] + failed[circle] > 0).map(
    (circle) => `${circle} ${reached[circle]} of ${reached[circle] + failed[circle]} got through`,
  )
  return circles.length === 0 ? null : ['E7', 'geography', `${circles.join(', ')}${untold ? `. ${untold}` : ''}`]
}
