import { createRation } from '../../../probe-node/ration.ts'
import type { PanelMember, ScanFacts } from '../../../schema/facts.ts'
import type { Judgement } from '../../../schema/judgement.ts'
import { hasEnded } from '../../../schema/words.ts'
import type { Survey } from '../../../worker/core/decide.ts'
import { PANEL, T0 } from '../../support/facts.ts'
import { Network } from '../net/network.ts'
import { type Path, pathOf } from '../net/path.ts'
import { createQueue } from '../net/queue.ts'
import { startCompany } from './company.ts'
import { Desk } from './desk.ts'
import { createOnlooker, type Fleet, type Prober } from './probe.ts'
import { Scanner } from './scanner.ts'
import type { Setting, Without } from './setting.ts'

/** A scan that is not over by then is judged as it stands. */
const LONGEST_MS = 1_200_000
/** A scan that is held asks again now and then, whether or not there is news. */
const HOLD_MS = 6_000

export interface Played {
  facts: ScanFacts
  judgement: Judgement
  survey: Survey
  /** ms after the start at which the line was done; null when it never was */
  finishedMs: number | null
  endAt: number
  /** after the recovery, when it was followed */
  later: Judgement | null
  /** what the elements had done to the panel by the end of the scan */
  harms: readonly { shut: ReadonlySet<string>; prolonged: number }[]
  /** how often the line decided */
  decisions: number
}

/** Plays one scan of one setting through the real core, in virtual time. The same luck gives the same scan. */
export function play(setting: Setting, loss: number, roll: () => number, without: Without = {}): Played {
  const panel = panelOf(setting, without)
  const paths = new Map<string, Path>()
  for (const who of panel) {
    const spec = { loss, rttMs: 5 + roll() * 150, ...setting.paths?.(who) }
    paths.set(who.probeId, pathOf(spec, roll))
  }
  const faults = new Map(panel.flatMap((who) => [[who.probeId, setting.faults?.(who)] as const]).filter(has))
  const queue = createQueue()
  const network = new Network(queue, setting.ports, setting.elements, paths, faults, roll)
  const desk = new Desk(setting, panel)
  let isDone = false
  let finishedMs: number | null = null
  let askedFor = Number.POSITIVE_INFINITY

  const stir = (afterMs: number) => {
    const at = queue.now() + afterMs
    if (at >= askedFor) return
    askedFor = at
    queue.at(at, () => {
      if (askedFor !== at) return
      askedFor = Number.POSITIVE_INFINITY
      decide()
    })
  }
  const fleet: Fleet = { network, queue, desk, roll, without, beaconPort: setting.beaconPort ?? 443, stir }
  const probers = panel.map((who): Prober => ({ who, ration: createRation(queue.now) }))
  const onlookers = new Map(probers.map((prober) => [prober.who.probeId, createOnlooker(fleet, prober)]))
  const scanner = new Scanner(fleet, probers.find(({ who }) => who.role === 'scanner') as Prober, setting)

  const decide = () => {
    const steering = desk.steer(T0 + queue.now())
    for (const run of desk.runs)
      if (run.kind !== 'scan' && run.state !== 'done' && run.state !== 'ended') onlookers.get(run.probeId)?.take(run)
    scanner.settle(steering)
    if (steering.done && !hasEnded(desk.state)) {
      isDone = true
      finishedMs = queue.now()
    } else if (!hasEnded(desk.state) && (steering.hold || scanner.isOver)) stir(HOLD_MS)
  }

  const company = startCompany(scanner)
  for (const { port, deed, from, everyMs, times } of setting.other ?? [])
    for (let i = 0; i < times; i++) {
      // Nobody works to the beat of a limiter's refill.
      const at = from + (i + roll()) * everyMs
      queue.at(at, () => scanner.isOver || network.bystander(scanner.who, port, deed, at, () => company.made(port)))
    }
  scanner.start()
  queue.run(LONGEST_MS, () => isDone)
  const endAt = T0 + (finishedMs ?? LONGEST_MS)
  const { judgement, survey, facts } = desk.judge(endAt)

  const harms = setting.elements.flatMap((element) => element.harm?.() ?? [])

  let later: Judgement | null = null
  if (setting.recoverMs && judgement.ports.some((port) => port.recovery === 'pending')) {
    desk.state = 'finished'
    isDone = false
    decide()
    queue.run(endAt - T0 + setting.recoverMs, () => false)
    later = desk.judge(T0 + queue.now()).judgement
  }
  return { facts, judgement, survey, finishedMs, endAt, later, harms, decisions: desk.asked }
}

const has = <T>(pair: readonly [string, T | null | undefined]): pair is [string, T] => pair[1] != null

const panelOf = (setting: Setting, without: Without): readonly PanelMember[] =>
  (setting.panel ?? PANEL).filter(
    (who) => !(without.sibling && who.role === 'sibling') && !(without.witnesses && who.role === 'witness'),
  )
