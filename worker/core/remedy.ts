import type { Cause, Remediation, StepKind } from '../../schema/judgement.ts'
import type { CauseClass, Mechanism } from '../../schema/words.ts'
import { anyLimit, DDOS } from './remedies/ddos.ts'
import { anyProvider, HOSTING } from './remedies/hosting.ts'
import { anyPath, anyProbeFault, anyServiceChange, INNOCENT, unexplained } from './remedies/innocent.ts'
import { IPS } from './remedies/ips.ts'
import { anyMailGate, MAIL } from './remedies/mail.ts'
import { anyOverload, OVERLOAD } from './remedies/overload.ts'
import { anyPolicy, POLICY } from './remedies/policy.ts'
import { type Remedy, type RemedyFor, type Scene, type Situation, sceneOf } from './remedies/remedy.ts'
import { WAF } from './remedies/waf.ts'

const BY_MECHANISM: Record<Mechanism, RemedyFor> = {
  ...IPS,
  ...WAF,
  ...DDOS,
  ...MAIL,
  ...POLICY,
  ...HOSTING,
  ...OVERLOAD,
  ...INNOCENT,
}

/** For a cause without a mechanism. A phantom always has one. */
const BY_CLASS: Record<CauseClass, RemedyFor | null> = {
  ips: IPS.source_ban,
  waf: WAF.http_block_page,
  ddos_protection: anyLimit,
  mail_protection: anyMailGate,
  firewall_policy: anyPolicy,
  hosting_provider: anyProvider,
  overload: anyOverload,
  service_change: anyServiceChange,
  path: anyPath,
  load_balancer: INNOCENT.backend_down,
  dns_change: INNOCENT.address_changed,
  phantom: null,
  probe_fault: anyProbeFault,
  unexplained,
}

const prove = ({ target }: Scene) =>
  `Then ask for a proof (\`portwitness prove ${target} --stimulus\`): every published address touches the port, and a retest with the same stimulus closes the issue.`
const again = ({ port }: Scene) => `Then scan again: findings on port ${port} are incomplete until then.`
/** How it is shown that the remedy worked. */
const THEN: Record<CauseClass, (scene: Scene) => string> = {
  ips: prove,
  waf: prove,
  ddos_protection: prove,
  mail_protection: prove,
  firewall_policy: prove,
  hosting_provider: prove,
  unexplained: prove,
  overload: ({ port }) => `Then scan again: port ${port} must stay reachable for everyone throughout.`,
  service_change: again,
  path: again,
  load_balancer: again,
  dns_change: again,
  phantom: () => 'Then scan again.',
  probe_fault: again,
}

/** Below this what happened is said to be most likely. */
const SURE = 0.9

const UNKNOWN: Situation = {
  source: null,
  target: null,
  port: null,
  service: 'unknown',
  lostAt: null,
  highestCleanRate: null,
}

/**
 * What to do about a cause, filled in for one lost endpoint; null when there is nothing to be done. Composed from the
 * data in `remedies/`: below 1.8 kB as JSON, no step above 400 characters, commands between back quotes.
 */
export function remediationOf(cause: Cause | null, situation: Situation = UNKNOWN): Remediation | null {
  if (!cause) return null
  const remedyFor = cause.mechanism ? BY_MECHANISM[cause.mechanism] : BY_CLASS[cause.class]
  if (!remedyFor) return null
  const scene = sceneOf(situation, cause.vendor)
  const remedy = remedyFor(scene)
  const happened = cause.confidence < SURE ? `Most likely: ${remedy.happened}` : remedy.happened
  const steps = stepsOf({ ...remedy, happened }, THEN[cause.class](scene))
  return {
    title: remedy.title,
    steps: steps.map(({ text }) => text),
    kinds: steps.map(({ kind }) => kind),
    formats: [...remedy.formats],
  }
}

interface RemedyStep {
  kind: StepKind
  text: string
}

function stepsOf({ happened, confirm, change, undo, limit, letter }: Remedy, then: string): RemedyStep[] {
  const of = (kind: StepKind, texts: readonly string[]): RemedyStep[] => texts.map((text) => ({ kind, text }))
  return [
    ...of('happened', [happened]),
    ...of('confirm', [`To confirm: ${confirm}`]),
    ...of('change', change),
    ...of('letter', letter ?? []),
    ...of('limit', limit ? [`Mind: ${limit}`] : []),
    ...of('undo', undo === null ? [] : [`To undo: ${undo}`]),
    ...of('then', [then]),
  ]
}
