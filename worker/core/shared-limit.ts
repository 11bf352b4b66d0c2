import type { EndpointEvidence, ScanEvidence } from './evidence.ts'
import { type HostTest, hostTest } from './experiments/host.ts'
import { firstSign, isLimited, wentAlone } from './experiments/rate.ts'
import type { RuleId } from './rules.ts'
import { hasLossyWay, limitStrength, type Outcome } from './verdict.ts'

/** Words that the bursts of one port left open, or that a limit explains better than what they say. */
const LEFT_OPEN: readonly RuleId[] = ['OPN-1', 'TRA-1', 'INC-1', 'DEG-1', 'DEG-2', 'SEL-8']

/** A limit that the bursts on a host proved, and on which of its ports they were made. */
type Limit = Pick<HostTest, 'test' | 'ports'>

/**
 * DEG-3: ports that share one limit on the host. Where the bursts on two ports and more prove it together, or those on one
 * port alone, it is said of those; and, as likely, of the others that went badly for the scanner alone in their own rounds.
 */
export function sharedLimit<D extends { endpoint: EndpointEvidence; outcome: Outcome }>(
  decisions: readonly D[],
  scan: ScanEvidence,
): readonly D[] {
  const limits = new Map(
    [...new Set(decisions.map(({ endpoint }) => endpoint.address))].flatMap((address): [string, Limit][] => {
      const host = decisions.filter(({ endpoint }) => endpoint.address === address && !endpoint.phantom)
      const limit = hostLimit(host.map(({ endpoint }) => endpoint)) ?? portLimit(host)
      return limit ? [[address, limit]] : []
    }),
  )
  if (limits.size === 0) return decisions
  return decisions.map((decision) => {
    const { endpoint, outcome } = decision
    const limit = limits.get(endpoint.address)
    const isLeftOpen = LEFT_OPEN.includes(outcome.rule) || hasEnded(outcome)
    if (!limit || !isLeftOpen || outcome.strength === 'confirmed') return decision
    const { case: one } = outcome
    const hasBurst = limit.ports.includes(endpoint)
    // A short block is the scanner's alone by its own test, which asks no more of the others than that they were quicker.
    if (!one || !(hasBurst || outcome.rule === 'SEL-8' || wentAlone(one, endpoint))) return decision
    const strength = hasBurst ? limitStrength(limit.test, hasLossyWay(scan)) : 'likely'
    if (outcome.rule === 'DEG-2' && strength === 'likely') return decision
    const { test } = limit
    return {
      ...decision,
      outcome: {
        ...outcome,
        rule: 'DEG-3',
        verdict: 'degraded',
        strength,
        rate: { ...test, from: firstSign(endpoint) ?? outcome.tally.firstFailAt ?? test.from },
        fastAt: test.knownAt,
        confirmedAt: strength === 'confirmed' ? test.knownAt : null,
        stretch: null,
      },
    }
  })
}

/** Silence that was over before its rounds were: what a limit does to a port that is asked fast, then slowly. */
const hasEnded = ({ rule, tally }: Outcome): boolean => rule === 'SEL-2' && tally.backRunning > 0

function hostLimit(host: readonly EndpointEvidence[]): Limit | null {
  const read = hostTest(host)
  return read && isLimited(read.test) !== 'no' ? read : null
}

/** What met silence at one port was dropped by a packet filter, and those count by source, whatever the port. */
function portLimit(host: readonly { endpoint: EndpointEvidence; outcome: Outcome }[]): Limit | null {
  const proved = host.find(({ outcome: { rule, rate } }) => rule === 'DEG-2' && rate !== null && !rate.isTold)
  return proved?.outcome.rate ? { test: proved.outcome.rate, ports: [proved.endpoint] } : null
}
