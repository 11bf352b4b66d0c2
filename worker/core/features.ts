import type { EndpointEvidence, ScanEvidence } from './evidence.ts'
import { letInAmid } from './experiments/amid.ts'
import { contentOf, lureOf, noticeOf, pageOf, platformOf } from './features/answer.ts'
import {
  amidOf,
  awayOf,
  canaryOf,
  cutOf,
  endsOf,
  flickerOf,
  modeOf,
  seepsOf,
  slowOf,
  speedOf,
} from './features/failure.ts'
import type { FeatureName, Features, Seen } from './features/feature.ts'
import { areaOf, countryOf, neighbourOf, serviceOf, whoOf } from './features/scope.ts'
import { throttleOf } from './features/throttle.ts'
import { burstFailures, burstOf, companyOf, renewalSeen, triggerOf } from './features/trial.ts'
import type { Outcome } from './verdict.ts'

export { vendorOf } from './features/answer.ts'
export { FEATURES, type FeatureName, type Features, type Seen, type ValueOf } from './features/feature.ts'
export { serviceKind } from './features/scope.ts'

/** When the port was last known to be lost. A limit lets in now and then, so that a port it holds back is never back for good. */
export function lostUntilOf(outcome: Outcome, recoveredBetween: readonly [number, number] | null): number {
  const lastLostAt = outcome.verdict === 'degraded' ? undefined : recoveredBetween?.[0]
  return outcome.stretch?.endsAt ?? lastLostAt ?? Number.POSITIVE_INFINITY
}

/** Everything about a lost endpoint that speaks for or against a cause. `lostKeys`: all endpoints the scan lost. */
export function featuresOf(
  endpoint: EndpointEvidence,
  outcome: Outcome,
  scan: ScanEvidence,
  lostKeys: ReadonlySet<string>,
  back: { lostAt: number | null; recoveredBetween: readonly [number, number] | null },
): Features {
  const features: Features = {}
  const put = (name: FeatureName, seen: Seen | null) => {
    if (seen) features[name] = seen
  }
  const failures =
    outcome.content?.refused ??
    ((outcome.rule === 'DEG-2' || outcome.rule === 'DEG-3') && outcome.rate
      ? burstFailures(endpoint, outcome.rate)
      : (outcome.case?.rounds ?? []).map((round) => round.scanner).filter((look) => look.failed))
  put('mode', modeOf(failures))
  put('who', whoOf(outcome))
  put('cut', cutOf(failures))
  const lostUntil = lostUntilOf(outcome, back.recoveredBetween)
  const area = areaOf(endpoint, outcome, scan, lostKeys, lostUntil)
  put('area', area)
  put('service', serviceOf(endpoint, scan, area?.value === 'all' ? lostKeys : new Set()))
  put('neighbour', neighbourOf(endpoint, outcome, scan))
  put('lure', lureOf(endpoint, scan))
  put('country', countryOf(endpoint, outcome, scan))
  put('platform', platformOf(scan))
  const amid = outcome.case ? letInAmid(endpoint, outcome.case, scan) : []
  put('amid', amidOf(amid))
  put('flicker', flickerOf(outcome, amid))
  put('company', companyOf(endpoint, outcome, scan, lostKeys))
  put('seeps', seepsOf(outcome))
  put('ends', endsOf(outcome, amid))
  put('slow', slowOf(outcome))
  put('throttle', throttleOf(endpoint, scan.loss))
  put('canary', canaryOf(endpoint, outcome, lostUntil))
  put('text', noticeOf(endpoint, failures))
  put('page', pageOf(failures))
  put('burst', burstOf(outcome))
  put('trigger', triggerOf(endpoint, scan, back.lostAt))
  put('renewal', renewalSeen(endpoint, back.lostAt))
  put('content', contentOf(outcome, failures))
  put('speed', speedOf(endpoint, outcome))
  const wasReached = endpoint.found !== null || (scan.scanner !== null && endpoint.openedAt.has(scan.scanner.probeId))
  // A host that answered the scanner at first may have fallen silent before this port's turn came: not "all along".
  const answeredFirst =
    scan.refusedAtFirst.has(endpoint.address) ||
    (scan.byAddress.get(endpoint.address) ?? []).some(({ found }) => found !== null)
  const mayHaveFallenSilent = area?.value === 'all' && answeredFirst
  if (wasReached || !mayHaveFallenSilent)
    put('onset', {
      value: wasReached ? 'during' : 'before',
      rule: 'WHO-1',
      text: wasReached ? 'The scanner reached the port before it was lost.' : 'The scanner never reached the port.',
      looks: [],
    })
  put('away', awayOf(endpoint, back.lostAt, back.recoveredBetween))
  return features
}
