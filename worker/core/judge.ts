import type { ScanFacts } from '../../schema/facts.ts'
import type { Judgement, PortVerdict, ScanCoverage } from '../../schema/judgement.ts'
import type { ScanVerdict } from '../../schema/words.ts'
import { HARMLESS_VERDICTS, SELECTIVE_VERDICTS } from '../../schema/words.ts'
import { causeOf } from './cause.ts'
import { CLASSES_OF } from './causes.ts'
import { endpointCoverage, scanCoverage } from './coverage.ts'
import { type Decision, survey } from './decide.ts'
import type { EndpointEvidence, ScanEvidence } from './evidence.ts'
import { isPatchy } from './features/scope.ts'
import { type Features, featuresOf, lostUntilOf, vendorOf } from './features.ts'
import type { Hypothesis } from './hypothesis.ts'
import { reasonsFor } from './reasons.ts'
import { recoveryOf } from './recovery.ts'
import { remediationOf } from './remedy.ts'
import { RULES_VERSION } from './rules.ts'
import type { Standing } from './steering.ts'
import { cleanRate } from './swept.ts'
import { shareFeatures } from './together.ts'
import { wafOf } from './waf.ts'

export { RULES_VERSION } from './rules.ts'

/**
 * Facts → judgement. The same facts at the same time give the same judgement, at any time of the scan: ports stand as
 * they stand, `verdict` and `coverage` are null until the scan run has ended. `hypotheses` in place of the known causes: for
 * trials that leave some out.
 */
export function judgeScan(
  facts: ScanFacts,
  now: number,
  { hypotheses }: { hypotheses?: readonly Hypothesis[] } = {},
): Judgement {
  const { scan, decisions } = survey(facts, now)
  const seen = toldOfLost(decisions, scan)
  const ports = decisions.map((decision) => portVerdict(decision, scan, seen.get(decision), hypotheses))
  const coverage = scan.ended ? scanCoverage(scan, ports) : null
  return {
    rules: RULES_VERSION,
    judgedAt: now,
    verdict: coverage && scanVerdict(ports, isWhole(scan, coverage)),
    coverage,
    waf: wafOf(scan),
    ports,
  }
}

/** As much of a judgement as the steering reads: no sentences, and causes only when they are asked for. */
export function standing(
  facts: ScanFacts,
  now: number,
  { hypotheses }: { hypotheses?: readonly Hypothesis[] } = {},
): Standing {
  const { scan, decisions } = survey(facts, now)
  let seen: ReturnType<typeof toldOfLost> | null = null
  const causeAt = (decision: Decision) => {
    seen ??= toldOfLost(decisions, scan)
    const told = seen.get(decision)
    return told ? explain(decision, scan, told, hypotheses).cause : null
  }
  const ports = () =>
    decisions.map((decision) => {
      const { endpoint, outcome } = decision
      const { address, port } = endpoint
      const lostAt = lostAtOf(decision)
      const { recovery } = recoveryOf(endpoint, outcome, lostAt, now)
      return { address, port, lostAt, recovery, cause: () => causeAt(decision) }
    })
  return { ports }
}

/**
 * The scan's word (design.md, section 4). What the scan itself made close for everyone is interference too; a scan that
 * was not carried out whole never acquits (docs/decisions/0005-untested-is-incomplete.md).
 */
export function scanVerdict(ports: readonly PortVerdict[], wasWhole: boolean): ScanVerdict {
  const causedByScan = (port: PortVerdict) =>
    port.verdict === 'service_down' &&
    ['overload', 'ddos_protection', 'hosting_provider'].includes(port.cause?.class ?? '')
  if (ports.some((port) => SELECTIVE_VERDICTS.includes(port.verdict) || causedByScan(port))) return 'interference'
  return wasWhole && ports.every((port) => HARMLESS_VERDICTS.includes(port.verdict)) ? 'clear' : 'incomplete'
}

/** The scan run came to its own end, and every asked port was tested. */
const isWhole = (scan: ScanEvidence, { portsAsked, portsTested }: ScanCoverage): boolean =>
  scan.scanRun?.closing?.outcome === 'done' && portsTested >= portsAsked

const isLost = (verdict: PortVerdict['verdict']) => !HARMLESS_VERDICTS.includes(verdict) && verdict !== 'inconclusive'

function portVerdict(
  decision: Decision,
  scan: ScanEvidence,
  told: Told | undefined,
  hypotheses: readonly Hypothesis[] | undefined,
): PortVerdict {
  const { endpoint, outcome } = decision
  const { tally } = outcome
  const lostAt = lostAtOf(decision)
  const { recovery, recoveredBetween } = recoveryOf(endpoint, outcome, lostAt, scan.now)
  const { cause, evidence } = told ? explain(decision, scan, told, hypotheses) : UNEXPLAINED
  return {
    address: endpoint.address,
    port: endpoint.port,
    transport: 'tcp',
    service: endpoint.service,
    firstSeenOpenAt: endpoint.found?.firstSeenOpenAt ?? openedByScanner(endpoint, scan),
    verdict: outcome.verdict,
    strength: outcome.strength,
    recheck: scan.recheck.get(endpoint.key) ?? null,
    lostAt,
    fastAt: outcome.fastAt,
    confirmedAt: outcome.confirmedAt,
    eValue: tally.eValue,
    llr: tally.llr,
    connects: connectsOf(endpoint),
    recovery,
    recoveredBetween,
    cause,
    evidence: [...reasonsFor(decision, scan), ...evidence],
    coverage: endpointCoverage(endpoint, scan),
    remediation: remediationOf(cause, {
      source: scan.scanner?.sourceAddress ?? null,
      target: endpoint.address,
      port: endpoint.port,
      service: endpoint.service,
      lostAt,
      highestCleanRate: outcome.rate?.swept ? cleanRate(outcome.rate.swept) : null,
    }),
    probes: probesOf(decision),
  }
}

/** What a cause is told by at one port. */
interface Told {
  features: Features
  /** a port of the host was lost to the scanner and reached again while another was still lost */
  isPatchy: boolean
}

/** What speaks for or against a cause at each port that has one; ports that fell together share it. */
function toldOfLost(decisions: readonly Decision[], scan: ScanEvidence): Map<Decision, Told> {
  const lost = new Set(decisions.filter(({ outcome }) => isLost(outcome.verdict)).map(({ endpoint }) => endpoint.key))
  const own = decisions
    .filter(({ outcome }) => CLASSES_OF[outcome.verdict].length > 0)
    .map((decision) => {
      const { endpoint, outcome } = decision
      const lostAt = lostAtOf(decision)
      const back = { lostAt, recoveredBetween: recoveryOf(endpoint, outcome, lostAt, scan.now).recoveredBetween }
      return {
        decision,
        lostAt,
        features: featuresOf(endpoint, outcome, scan, lost, back),
        isPatchy: isPatchy(endpoint, outcome, scan, lostUntilOf(outcome, back.recoveredBetween)),
      }
    })
  const patchy = new Set(own.flatMap((one) => (one.isPatchy ? [one.decision.endpoint.address] : [])))
  const told = ({ endpoint }: Decision, features: Features): Told => ({
    features,
    isPatchy: patchy.has(endpoint.address),
  })
  const known = new Map(own.map(({ decision, features }) => [decision, told(decision, features)]))
  const blocked = own.flatMap(({ decision, lostAt, features }) => {
    const at = lostAt ?? decision.outcome.tally.firstFailAt
    if (!['interfered', 'degraded'].includes(decision.outcome.verdict) || at === null) return []
    return [{ decision, address: decision.endpoint.address, lostAt: at, features }]
  })
  for (const [i, features] of shareFeatures(blocked).entries()) {
    const port = blocked[i]
    if (port) known.set(port.decision, told(port.decision, features))
  }
  return known
}

const UNEXPLAINED: ReturnType<typeof causeOf> = { cause: null, evidence: [] }

/** The cause of a lost port, with its evidence. */
const explain = (
  decision: Decision,
  scan: ScanEvidence,
  { features, isPatchy }: Told,
  hypotheses: readonly Hypothesis[] | undefined,
): ReturnType<typeof causeOf> =>
  causeOf(
    decision.outcome.verdict,
    features,
    {
      source: scan.scanner?.sourceAddress ?? 'the scanner',
      lostAt: lostAtOf(decision) ?? decision.outcome.tally.firstFailAt,
      vendor: vendorOf(decision.outcome),
      isPatchy,
    },
    hypotheses,
  )

const openedByScanner = (endpoint: EndpointEvidence, scan: ScanEvidence): number | null =>
  (scan.scanner && endpoint.openedAt.get(scan.scanner.probeId)) ?? null

/**
 * When the loss was first seen: the end of the scanner's first failed touch after its last success before the decisive
 * verification. A silent port is known to be lost only when the timer has run out.
 */
export function lostAtOf({ endpoint, outcome }: Decision): number | null {
  if (outcome.rule === 'DEG-2' || outcome.rule === 'DEG-3') return outcome.rate?.from ?? null
  const failedAt = outcome.tally.firstFailAt
  const until = failedAt ?? outcome.case?.startAt ?? endpoint.alarmAt
  if (until === null || until === undefined || endpoint.found === null || outcome.verdict === 'phantom') return null
  const mine = endpoint.looks.filter((look) => look.role === 'scanner' && look.at <= until)
  const lastOpen = mine.findLastIndex((look) => !look.failed)
  return mine[lastOpen + 1]?.endAt ?? failedAt
}

/** Connects to the endpoint by all sources from its first alarm on; the recovery polls of later days are not spent on it. */
function connectsOf(endpoint: EndpointEvidence): number {
  const from = endpoint.alarmAt ?? endpoint.cases[0]?.startAt
  if (from === undefined) return 0
  return [...endpoint.looks, ...endpoint.ladder].filter(
    ({ at, observation: { purpose } }) =>
      at >= from && !['recover', 'recheck', 'prove', 'canary', 'baseline'].includes(purpose),
  ).length
}

const probesOf = ({ outcome }: Decision): string[] => [
  ...new Set(
    (outcome.case?.rounds ?? []).flatMap((round) => [
      round.scanner.probeId,
      ...round.others.map((look) => look.probeId),
    ]),
  ),
]
