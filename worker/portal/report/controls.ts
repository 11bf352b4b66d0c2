/** What kept this judgement honest, and what it could not rule out; in sentences, from what is stored. */
import type { PanelMember } from '../../../schema/facts.ts'
import type { PortVerdict } from '../../../schema/judgement.ts'
import { HARMLESS_VERDICTS, RATIONED, type ScanVerdict } from '../../../schema/words.ts'
import { count, listed } from '../../core/text.ts'
import { MECHANISM, metNothing, NOTHING_OPEN } from '../words.ts'
import type { ReportView, TouchView } from './view.ts'

export interface Control {
  name: string
  /** what it is for */
  aim: string
  /** what it showed here */
  saw: string
}

const sum = (touches: readonly TouchView[]): number => touches.reduce((all, { touches: n }) => all + n, 0)
const number = (n: number): string => n.toLocaleString('en')

/** Only a scan that came to its own end has one. */
export const verdictOf = ({ state, judgement }: Pick<ReportView, 'state' | 'judgement'>): ScanVerdict | null =>
  state === 'finished' ? (judgement?.verdict ?? null) : null

/** Why no observation can be looked up; null where they are kept. */
export function whyNone({ observations, panel, finishedAt }: ReportView): string | null {
  switch (observations) {
    case 'kept':
      return null
    case 'forgotten':
      return 'The single observations have had their time and are kept no more.'
    case 'none':
      return `${finishedAt === null ? 'Nothing has been observed yet' : 'Nothing was observed'}: ${panel.length > 0 ? 'no probe has told of anything' : finishedAt === null ? 'the scan has not begun' : 'the scan never began'}.`
  }
}

export const isLost = ({ verdict }: PortVerdict): boolean => !HARMLESS_VERDICTS.includes(verdict)

/** `48 of 50 touches got through` */
function through(touches: readonly TouchView[], none: string): string {
  const all = sum(touches)
  if (all === 0) return none
  return `${number(sum(touches.filter(({ sight }) => sight === 'open')))} of ${count(all, 'touch', 'touches')} got through.`
}

export function controlsOf(report: ReportView): Control[] {
  const { touches, panel, judgement, observations } = report
  const lost = (judgement?.ports ?? []).filter(isLost)
  const of = (...purposes: string[]) => touches.filter(({ purpose }) => purposes.includes(purpose))
  const why = whyNone(report)
  const gone = why ?? 'None was made.'
  const uncounted =
    why ??
    (report.issues.length > 0 ? 'None was made.' : 'Counted of ports alone that an issue holds; none holds these.')
  const lossless =
    why !== null && observations === 'none'
      ? why
      : (judgement?.ports.length ?? 0) === 0
        ? NOTHING_OPEN
        : 'No port was lost.'
  const unfit = touches.reduce((all, each) => all + each.unfit, 0)
  const rationed = lost.filter(({ service }) => RATIONED.includes(service))
  return [
    {
      name: 'Beacons',
      aim: 'In each round every source also touches a listener of ours. One that misses it is not fit, and what it saw accuses nobody.',
      saw: through(of('beacon'), gone),
    },
    {
      name: 'Baseline',
      aim: 'Only a source that had seen a port open before the trouble counts as a witness of its loss.',
      saw: lost.length === 0 ? lossless : through(of('baseline'), uncounted),
    },
    {
      name: 'Same seconds',
      aim: 'After a loss all sources touch the port at the same seconds of one clock, so that what changed for all is told from what changed for one.',
      saw: lost.length === 0 ? lossless : sameSeconds(panel, of('verify', 'explain'), uncounted),
    },
    {
      name: 'Fitness',
      aim: 'Sources measure their own delay, clock and loss.',
      saw: `${fitWords(panel)}${unfit > 0 ? ` ${count(unfit, 'touch was', 'touches were')} made in moments of unfitness and not counted against anybody.` : ''}`,
    },
    {
      name: 'Independence',
      aim: 'The sibling shares the scanner’s way and stands for it; witnesses share neither site nor provider where that can be had. Rested ones have not scanned the target for 24 hours.',
      saw: independenceOf(panel),
    },
    {
      name: 'Rationing',
      aim: 'SSH, mail, FTP, VNC and MySQL servers count connections against their source: there each source makes at most 2 touches in 10 s and 4 in 10 min, so that looking does not itself draw a ban.',
      saw:
        rationed.length > 0
          ? `It held for ${portsOf(rationed)}: fewer looks, so that a verdict there stays likely for longer.`
          : lost.length === 0
            ? lossless
            : 'No lost port had such a service.',
    },
    {
      name: 'Chance',
      aim: 'E weighs how badly the scanner fares beside the others. If it fared no worse, E would reach 100 in at most one case of 100 and 1,000 in at most one of 1,000, whatever the loss and whenever one stops looking.',
      saw:
        lost.length === 0
          ? lossless
          : `${listed(lost.slice(0, 12).map(({ port, eValue }) => `port ${port}: ${figure(eValue)}`))}.`,
    },
  ]
}

const figure = (value: number): string =>
  value >= 1e6 ? 'over a million' : value >= 100 ? number(Math.round(value)) : value.toPrecision(3)

const portsOf = (ports: readonly PortVerdict[]): string =>
  `${ports.length === 1 ? 'port' : 'ports'} ${listed(ports.slice(0, 12).map(({ port }) => String(port)))}`

function sameSeconds(panel: readonly PanelMember[], touches: readonly TouchView[], none: string): string {
  if (sum(touches) === 0) return none
  const by = (...roles: string[]) =>
    touches.filter(({ probeId }) => panel.some((member) => member.probeId === probeId && roles.includes(member.role)))
  const open = (some: readonly TouchView[]) =>
    `${number(sum(some.filter(({ sight }) => sight === 'open')))} of ${number(sum(some))}`
  return `On the lost ports the scanner got through ${open(by('scanner'))} times, the others ${open(by('sibling', 'witness'))}.`
}

function fitWords(panel: readonly PanelMember[]): string {
  const unfit = panel.filter(({ fit }) => !fit)
  if (panel.length === 0) return 'No panel was chosen.'
  return unfit.length === 0
    ? `All ${panel.length} were fit when the scan began.`
    : `${listed(unfit.map(({ sourceAddress }) => sourceAddress))} ${unfit.length === 1 ? 'was' : 'were'} not fit when the scan began.`
}

const distinct = (values: readonly (string | number | null)[]): number =>
  new Set(values.filter((value) => value !== null)).size

export function independenceOf(panel: readonly PanelMember[]): string {
  if (panel.length === 0) return 'No panel was chosen.'
  const others = panel.filter(({ role }) => role === 'witness')
  const sibling = panel.some(({ role }) => role === 'sibling')
  const tired = panel.filter(({ role, rested }) => role !== 'scanner' && !rested).length
  const told = [
    sibling ? 'One sibling' : 'No sibling',
    others.length === 0
      ? 'no witness'
      : `${count(others.length, 'witness', 'witnesses')} at ${count(distinct(others.map(({ site }) => site)), 'site')} of ${count(distinct(others.map(({ provider }) => provider)), 'provider')} in ${count(distinct(others.map(({ country }) => country)), 'country', 'countries')}`,
  ]
  return `${told.join(', ')}; ${tired === 0 ? 'all rested' : `${tired} not rested`}.`
}

/** What nobody may read into the report. Empty when there is nothing of the kind. */
export function notExcluded(report: ReportView): string[] {
  const { panel, judgement, observations, leftOut } = report
  const lost = (judgement?.ports ?? []).filter(isLost)
  const likely = lost.filter(({ strength }) => strength === 'likely')
  const alike = [...new Set(lost.flatMap(({ cause }) => cause?.indistinguishable ?? []))]
  const unknown = lost.filter(({ verdict }) => verdict === 'inconclusive')
  const coverage = judgement?.coverage
  const has = (role: string) => panel.some((member) => member.role === role && member.fit)
  return [
    ...(observations === 'none' ? [`${whyNone(report)} Nothing can be said of any port.`] : []),
    ...(verdictOf(report) !== null && metNothing(judgement)
      ? [`${NOTHING_OPEN} Whether something hid ports from the scanner from the first moment on is not shown.`]
      : []),
    ...(lost.length > 0 && !has('sibling')
      ? ['No fit sibling stood beside the scanner: a fault of its own route is not ruled out.']
      : []),
    ...(lost.length > 0 && !has('witness')
      ? ['No fit witness looked: nobody can say whether the service was there for others.']
      : []),
    ...likely.slice(0, 12).map(({ port, evidence }) => {
      const reason = evidence.find(({ supports }) => supports)?.text
      return `Port ${port} is likely, not confirmed${reason ? `: ${reason}` : '.'}`
    }),
    ...(unknown.length > 0
      ? [`Of ${portsOf(unknown)} it is not known why ${unknown.length === 1 ? 'it was' : 'they were'} lost.`]
      : []),
    ...(alike.length > 0
      ? [
          `From outside these look the same as what is named as the cause: ${listed(alike.map((word) => MECHANISM[word]))}.`,
        ]
      : []),
    ...(coverage && coverage.untested !== ''
      ? [
          `${count(coverage.portsAsked - coverage.portsTested, 'port was', 'ports were')} not tested: nothing is said of them.`,
        ]
      : []),
    ...(leftOut.length > 0 ? [`The name also leads to ${listed(leftOut)}, which was not scanned.`] : []),
    ...(observations === 'forgotten'
      ? ['The single observations are kept no more, so that this judgement cannot be made again.']
      : []),
  ]
}
