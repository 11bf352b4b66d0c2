import { BURST_CONNECTS, burstStep } from '../plan.ts'
import {
  besideRounds,
  type Experiment,
  LATE_MS,
  looksOf,
  type Situation,
  stepsOf,
  touchesEndpoint,
} from './experiment.ts'

const ENOUGH = 6
const QUIET_MS = 8_000
const TIMEOUT_MS = 3_000

/** E2: twelve connects at once to a port that refuses. A reset answers all, a firewall's ICMP six at once and then one a second. */
export const throttle: Experiment = {
  id: 'E2',
  separates: [
    ['fail2ban'],
    [
      'source_ban',
      'network_ips',
      'crowdsec',
      'csf_lfd',
      'proxy_reject',
      'connection_rate_limit',
      'connection_count_limit',
    ],
  ],
  perAddress: 3,
  cost: () => BURST_CONNECTS,
  isOpen(s) {
    const { endpoint, outcome, run, scan } = s
    if (outcome.tally.confirmedAt === null || outcome.verdict !== 'interfered' || endpoint.rationed) return false
    const refused = s.case.rounds.filter((round) => round.scanner.sight === 'closed').length
    if (refused * 2 <= outcome.tally.failed || outcome.tally.firstBackAt !== null) return false
    if (looksOf(endpoint, 'E2').length >= ENOUGH) return false
    const [burst] = stepsOf(run, 'E2', endpoint)
    return !burst || scan.now < burst.at + TIMEOUT_MS + LATE_MS * 2
  },
  steps: (s, run) =>
    run.role === 'scanner' && stepsOf(run, 'E2', s.endpoint).length === 0 ? [burstStep(s.endpoint, quietAt(s))] : [],
}

/** The kernel's refill of ICMP needs eight quiet seconds before the burst, on this port by this source. */
function quietAt({ run, endpoint, scan }: Situation): number {
  const planned = run.steps.filter((step) => touchesEndpoint(step, endpoint)).map((step) => step.at)
  let at = scan.now + 1_000
  for (const touch of planned.toSorted((a, b) => a - b))
    if (touch > at - QUIET_MS && touch < at + 2_000) at = touch + QUIET_MS + 500
  return besideRounds(run, at)
}
