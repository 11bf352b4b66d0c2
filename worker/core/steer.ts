import { isOver, type ScanFacts } from '../../schema/facts.ts'
import { hasEnded } from '../../schema/words.ts'
import { baselineAppends, finishedBaselines, isScouting, wantedBaselines } from './baseline.ts'
import { survey } from './decide.ts'
import type { ScanEvidence } from './evidence.ts'
import { wantedRecovery } from './recover.ts'
import type { Standing, Steering } from './steering.ts'
import { agendaOf, finishedVerifications, verificationAppends, wantedVerifications } from './verification.ts'

const NOTHING: Steering = { wanted: [], append: [], stop: [], hold: false, lost: [], done: true }

/**
 * What the line does next. Safe to ask again: runs that the facts hold are known by their keys, steps by their rounds.
 * While the scan runs: baselines, verification, experiments. After it: the recovery polls, one run at a time.
 */
export function steer(facts: ScanFacts, judgement: Standing, now: number): Steering {
  const { scan, decisions } = survey(facts, now)
  if (facts.state === 'failed' || facts.state === 'cancelled') return { ...NOTHING, stop: liveTouchRuns(scan) }
  if (hasEnded(facts.state)) return { ...NOTHING, wanted: wantedRecovery(scan, judgement), stop: liveTouchRuns(scan) }

  const agenda = agendaOf(scan, decisions, judgement)
  const busy = agenda.unsettled.length > 0
  if (scan.ended && !busy) return { ...NOTHING, wanted: wantedRecovery(scan, judgement), stop: liveTouchRuns(scan) }
  const free = new Set(['open', 'transient', 'phantom'])
  const tried = new Set(agenda.explaining.map(({ situation }) => situation.endpoint))
  const word = new Map(decisions.map((decision) => [decision.endpoint.key, decision.outcome.verdict]))
  return {
    wanted: scan.ended ? [] : [...wantedBaselines(scan), ...wantedVerifications(scan, agenda)],
    append: [...(scan.ended ? [] : baselineAppends(scan)), ...verificationAppends(scan, agenda)],
    stop: [...finishedBaselines(scan), ...finishedVerifications(scan, agenda)],
    hold:
      !scan.ended &&
      (busy ||
        isScouting(scan) ||
        [agenda.pending, agenda.missed, agenda.explaining].some((queue) => queue.length > 0)),
    lost: scan.endpoints
      .filter((one) => one.found && one.alarmAt !== null)
      // Our own watch would spend what a limit lets through in the course of an experiment.
      .filter((one) => tried.has(one) || !free.has(word.get(one.key) ?? 'open'))
      .map(({ address, port }) => ({ address, port })),
    done: false,
  }
}

const liveTouchRuns = (scan: ScanEvidence): string[] =>
  scan.facts.runs
    .filter((run) => (run.kind === 'baseline' || run.kind === 'verify') && !isOver(run))
    .map((run) => run.runId)
