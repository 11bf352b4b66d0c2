/** What somebody should do something about, worst first; each one line with what to do and where. */
import type { ControlState } from '../../schema/control.ts'
import { count, listed } from '../core/text.ts'
import { sitesOf } from './map/places.ts'
import type { Matter, ProbeHealth } from './overview-views.ts'
import { ago, span, utc } from './parts/time.tsx'
import type { Frame } from './views.ts'
import type { Tone } from './words.ts'

export interface Line {
  tone: Tone
  text: string
  /** what to do */
  advice: string
  href: string
}

export interface AttentionFacts {
  frame: Frame
  matters: readonly Matter[]
  probes: readonly ProbeHealth[]
}

/** Witnesses besides the scanner's site: with fewer no loss can be proved (design: without a witness `inconclusive`). */
const FEWEST_SITES = 2

const URGENCY: readonly Tone[] = ['bad', 'warn', 'info', 'mute', 'good']

/** The urgent first; what is more of the same stays with its own. */
export const attentionOf = (facts: AttentionFacts): Line[] =>
  groupsOf(facts)
    .filter((group) => group.length > 0)
    .sort(([a], [b]) => URGENCY.indexOf(a?.tone ?? 'mute') - URGENCY.indexOf(b?.tone ?? 'mute'))
    .flat()

const groupsOf = (facts: AttentionFacts): Line[][] => [
  stopped(facts),
  ...fleet(facts).map((line) => [line]),
  ofKind(facts, 'interference', '/issues', (matter) => ({
    tone: 'bad',
    text: matter.text,
    advice: `Open for ${since(matter, facts)}: see the cause and let the scanner through.`,
    href: `/issues/${matter.id}`,
  })),
  ofKind(facts, 'incomplete', '/issues', (matter) => ({
    tone: 'warn',
    text: matter.text,
    advice: `Open for ${since(matter, facts)}: see what could not be tested.`,
    href: `/issues/${matter.id}`,
  })),
  ofKind(facts, 'unproved', '/issues', (matter) => ({
    tone: 'warn',
    text: matter.text,
    advice: 'It is not scanned until control of the address is proved.',
    href: `/issues/${matter.id}`,
  })),
  proofs(facts, 'lapsed', 'lapsed', 'Do the steps that its page names, then have it checked.'),
  proofs(facts, 'failing', 'failing', 'Do the steps that its page names, then have it checked.'),
  proofs(facts, 'bare', 'unproved', 'It is not scanned until then: do the steps that its page names.'),
  ofKind(facts, 'outdated', '/targets?allowlist=outdated', (matter) => ({
    tone: 'warn',
    text: `The allowlist of ${matter.text} is older than our addresses`,
    advice: 'Allow the new ones and prove it.',
    href: `/targets/${matter.id}#allowlist`,
  })),
  ofKind(facts, 'channel', '/channels', (matter) => ({
    tone: 'warn',
    text: `The channel ${matter.text} is switched off`,
    advice: matter.why ?? 'Nobody is told through it.',
    href: '/channels',
  })),
  ofKind(facts, 'failed', '/scans?state=failed', (matter) => ({
    tone: 'warn',
    text: `The last scan of ${matter.text} could not be carried out`,
    advice: 'See why.',
    href: `/scans/${matter.id}`,
  })),
]

/** Proofs of control; `filter` is the list's word for them, `advice` what to do where the last look found no fault. */
const proofs = (facts: AttentionFacts, kind: 'lapsed' | 'failing' | 'bare', filter: ControlState, advice: string) =>
  ofKind(facts, kind, `/targets?control=${filter}`, (matter) => ({
    tone: 'warn',
    text: controlText(matter, facts.frame.now),
    advice: matter.why ?? advice,
    href: `/targets/${matter.id}#control`,
  }))

function stopped({ frame }: AttentionFacts): Line[] {
  if (!frame.stopped) return []
  const advice = frame.isOperator ? 'Switch it on again when it is safe.' : 'The operator of this stack has it in hand.'
  return [{ tone: 'bad', text: 'All scanning is stopped: the kill switch is on', advice, href: '/settings' }]
}

/** The first few of a kind, and one line for the rest. */
function ofKind(
  { matters }: AttentionFacts,
  kind: Matter['kind'],
  all: string,
  lineOf: (matter: Matter) => Line,
): Line[] {
  const own = matters.filter((matter) => matter.kind === kind)
  const further = Math.max(0, (own[0]?.total ?? 0) - own.length)
  const least = own[0]?.isLeast ? 'at least ' : ''
  // Its list shows the proofs too that fail with weeks to go, or scans that failed longer ago.
  const which = kind === 'failing' ? 'that end within a week' : kind === 'failed' ? 'in the last day' : 'like it'
  const rest: Line = { tone: 'mute', text: `and ${least}${further} more ${which}`, advice: 'See them all.', href: all }
  return [...own.map(lineOf), ...(further > 0 ? [rest] : [])]
}

const since = ({ at }: Matter, { frame }: AttentionFacts): string =>
  at === null
    ? 'a while'
    : span(frame.now - at)
        .split(' ')
        .slice(0, 2)
        .join(' ')

function controlText({ text, at }: Matter, now: number): string {
  if (at === null) return `Control of ${text} is not proved`
  return at <= now
    ? `The proof of control of ${text} has lapsed`
    : `The proof of control of ${text} fails; it ends ${ago(at, now)}, ${utc(at)}`
}

/** For those who do not run the fleet: what it means for their scans, and whom they can ask. */
const ASK = 'The operator of this stack is the one to ask.'
const WITHOUT = `Scans go on with the other probes; from a site that has no other they cannot be made. ${ASK}`
const one = (some: readonly ProbeHealth[]): string => (some.length === 1 ? 'it' : 'each of them')

function fleet({ probes, frame }: AttentionFacts): Line[] {
  const href = '/fleet'
  const { isOperator } = frame
  if (probes.length === 0)
    return [
      {
        tone: 'bad',
        text: 'There is no probe yet, so nothing can be scanned',
        advice: isOperator
          ? 'Enrol one; with three sites or more a loss can be proved.'
          : 'The operator of this stack enrols them.',
        href,
      },
    ]
  const of = (state: ProbeHealth['state']) => probes.filter((probe) => probe.state === state)
  const named = (some: readonly ProbeHealth[]) =>
    listed(few(some.map(({ site, sourceAddress }) => `${sourceAddress} (${site})`)))
  const lines: Line[] = []
  const quarantined = of('quarantined')
  if (quarantined.length > 0)
    lines.push({
      tone: isOperator ? 'bad' : 'info',
      text: `${count(quarantined.length, 'probe')} in quarantine: ${named(quarantined)}`,
      advice: isOperator
        ? (quarantined[0]?.reasons[0] ?? 'It is not believed until somebody has looked at it.')
        : `What ${one(quarantined)} sees is not believed. ${WITHOUT}`,
      href,
    })
  const offline = of('offline')
  if (offline.length > 0)
    lines.push({
      tone: isOperator ? 'bad' : 'info',
      text: `${count(offline.length, 'probe')} offline: ${named(offline)}`,
      advice: isOperator ? 'See that its machine runs and reaches us.' : WITHOUT,
      href,
    })
  const unfit = of('not_fit')
  if (unfit.length > 0)
    lines.push({
      tone: isOperator ? 'warn' : 'info',
      text: `${count(unfit.length, 'probe')} not fit to measure: ${named(unfit)}`,
      advice: isOperator
        ? (unfit[0]?.reasons[0] ?? 'It gave no reason.')
        : `What ${one(unfit)} sees accuses nobody for now. ${WITHOUT}`,
      href,
    })
  const sites = sitesOf(probes).filter(({ health }) => health !== 'out').length
  if (sites < FEWEST_SITES)
    lines.push({
      tone: isOperator ? 'warn' : 'info',
      text: sites === 0 ? 'No site is at work' : 'Only one site is at work',
      advice: `Without a second one nobody can witness a loss, and it stays inconclusive.${isOperator ? '' : ` ${ASK}`}`,
      href,
    })
  return lines
}

const FEW = 3
const few = (names: readonly string[]): string[] =>
  names.length <= FEW + 1 ? [...names] : [...names.slice(0, FEW), `${names.length - FEW} more`]
