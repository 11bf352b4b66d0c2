/**
 * E8, the layer ladder: bare connect, TLS hello, HEAD, GET, one after the other, always under our own name. The first rung
 * that is turned away is the layer that does it. One witness climbs the last rung in the same second.
 */
import { isOver } from '../../../schema/facts.ts'
import type { Step } from '../../../schema/wire.ts'
import type { CheckName } from '../../../schema/words.ts'
import type { EndpointEvidence, Look } from '../evidence.ts'
import { touchOf } from '../plan.ts'
import { TOUCH_TIMEOUT_MS } from '../rounds.ts'
import { besideRounds, type Experiment, LATE_MS, type Situation, SOON_MS, stepsOf } from './experiment.ts'

const GAP_MS = 2_000

/** The rungs below the service's own exchange; that one, a HEAD where it is HTTP, is climbed again as a GET. */
const RUNGS: Partial<Record<CheckName, readonly CheckName[]>> = {
  https: ['tcp', 'tls', 'https'],
  http: ['tcp', 'http'],
  tls: ['tcp', 'tls'],
  greeting: ['tcp'],
}

export const layers: Experiment = {
  id: 'E8',
  separates: [
    ['http_block_page', 'modsecurity', 'cdn_waf', 'http_rate_limit', 'payload_filter'],
    ['proxy_reject', 'proxy_silent_drop', 'tcp_wrappers', 'connection_count_limit', 'worker_limit'],
    ['source_ban', 'network_ips', 'syn_proxy'],
  ],
  perAddress: 2,
  panel: true,
  cost: ({ endpoint }) => (RUNGS[endpoint.check] ?? []).length + 1,
  isOpen(s) {
    const { endpoint, outcome, run, scan } = s
    const rungs = RUNGS[endpoint.check]
    // From the fast verdict on, between the rounds: what is known before they end needs no run to be kept for it.
    if (!rungs || endpoint.rationed || outcome.strength === null || outcome.tally.firstBackAt !== null) return false
    const turned = s.case.rounds.filter(
      ({ scanner }) => scanner.failed && ['page', 'notice', 'cut', 'mute'].includes(scanner.sight),
    )
    if (turned.length * 2 <= outcome.tally.failed) return false
    const planned = stepsOf(run, 'E8', endpoint)
    if (planned.length === 0) return true
    const mine = endpoint.ladder.filter(({ role }) => role === 'scanner')
    const last = Math.max(...planned.map(({ at }) => at))
    return mine.length < rungs.length && scan.now < last + TOUCH_TIMEOUT_MS + LATE_MS
  },
  steps(s, run) {
    const rungs = RUNGS[s.endpoint.check] ?? []
    if (stepsOf(s.run, 'E8', s.endpoint).length > 0) return []
    const from = s.scan.now + SOON_MS
    const at = (i: number) => besideRounds(s.run, from + i * GAP_MS)
    const climb = (i: number) => rung(s, at(i), rungs[i] as CheckName)
    if (run.role === 'scanner') return rungs.map((_, i) => climb(i))
    const witness = s.runs.find((run) => run.role === 'witness' && !isOver(run))
    return run === witness ? [climb(rungs.length - 1)] : []
  },
}

const rung = ({ endpoint }: Situation, at: number, check: CheckName): Step => ({
  at,
  purpose: 'explain',
  experiment: 'E8',
  touches: [{ ...touchOf(endpoint), check }],
  timeoutMs: TOUCH_TIMEOUT_MS,
  beacon: true,
})

/** Which layer turns the scanner away. */
export interface LayerTest {
  /** the rungs in order, and whether the scanner got past them */
  rungs: readonly { check: CheckName; passed: boolean; look: string }[]
  /** the first rung that failed; null when all passed: then it was not the layer but the moment, or the HEAD */
  refusedAt: CheckName | null
  /** the same last rung climbed by a witness; null when it was not seen */
  witnessPassed: boolean | null
  looks: readonly string[]
}

/** Reads E8 of an endpoint; null while it was not made. */
export function layerTest(endpoint: EndpointEvidence): LayerTest | null {
  const looks = endpoint.ladder
  const mine = looks.filter(({ role }) => role === 'scanner')
  if (mine.length === 0) return null
  const order: readonly CheckName[] = ['tcp', 'tls', 'greeting', 'http', 'https']
  const rungs = mine
    .toSorted((a, b) => order.indexOf(a.observation.check) - order.indexOf(b.observation.check) || a.at - b.at)
    .map((look: Look) => ({ check: look.observation.check, passed: !look.failed, look: look.id }))
  const witness = looks.find(({ role }) => role === 'witness')
  return {
    rungs,
    refusedAt: rungs.find(({ passed }) => !passed)?.check ?? null,
    witnessPassed: witness ? !witness.failed : null,
    looks: looks.map(({ id }) => id),
  }
}
