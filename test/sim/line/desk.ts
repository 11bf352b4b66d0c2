import type { AlarmMore } from '../../../probe-node/report.ts'
import type { Alarm, PanelMember, RunFacts, ScanFacts } from '../../../schema/facts.ts'
import type { Judgement } from '../../../schema/judgement.ts'
import type { Endpoint, Found, Observation, Span, Step } from '../../../schema/wire.ts'
import { type Survey, survey } from '../../../worker/core/decide.ts'
import { judgeScan, standing } from '../../../worker/core/judge.ts'
import { steer } from '../../../worker/core/steer.ts'
import type { Steering } from '../../../worker/core/steering.ts'
import { ADDRESS, T0 } from '../../support/facts.ts'
import { SCAN_ID } from '../net/network.ts'
import type { Setting } from './setting.ts'

export interface LiveRun extends RunFacts {
  steps: Step[]
  observations: Observation[]
  spans: Span[]
  found: Found[]
  dueAt: number
  n: number
  /** how many steps, planned and derived, were looked at */
  takenUpTo: number
  /** steps that were taken up, by their key */
  taken: Set<string>
  /** baseline touches that were made */
  touched: Set<string>
}

/** What the Worker holds of one scan, and what it answers: the same core as in life, asked when it would be asked. */
export class Desk {
  readonly setting: Setting
  readonly panel: readonly PanelMember[]
  readonly runs: LiveRun[] = []
  readonly alarms: Alarm[] = []
  state: ScanFacts['state'] = 'running'
  asked = 0
  private readonly ports: string

  constructor(setting: Setting, panel: readonly PanelMember[]) {
    this.setting = setting
    this.panel = panel
    this.ports = [...new Set([...setting.ports.map((one) => one.port), 1, 2])].toSorted((a, b) => a - b).join(',')
  }

  facts(): ScanFacts {
    return {
      scanId: SCAN_ID,
      targetId: 'tgt_simulated1',
      state: this.state,
      profile: this.setting.profile,
      addresses: [ADDRESS],
      ports: this.ports,
      portsAsked: this.setting.ports.length + 2,
      createdAt: T0,
      startedAt: T0,
      panel: this.panel,
      runs: this.runs,
      alarms: this.alarms,
      anchors: anchorsOf(this.setting),
      lastKnown: [],
    }
  }

  newRun(key: string, who: PanelMember, kind: RunFacts['kind'], steps: Step[], dueAt: number): LiveRun {
    const run: LiveRun = {
      runId: `run_${String(this.runs.length).padStart(10, '0')}`,
      key,
      probeId: who.probeId,
      role: who.role,
      kind,
      state: kind === 'scan' ? 'leased' : 'due',
      steps,
      observations: [],
      spans: [],
      found: [],
      discovered: false,
      heardAt: kind === 'scan' ? T0 : null,
      closing: null,
      dueAt,
      n: 0,
      takenUpTo: 0,
      taken: new Set(),
      touched: new Set(),
    }
    this.runs.push(run)
    return run
  }

  /** One decision of the line, carried out: runs that are wanted, steps to append, runs that have seen enough. */
  steer(now: number): Steering {
    this.asked++
    const facts = this.facts()
    const steering = steer(facts, standing(facts, now), now)
    for (const wanted of steering.wanted) {
      if (this.runs.some((run) => run.key === wanted.key)) throw new Error(`${wanted.key} was wanted twice`)
      const who = this.panel.find((one) => one.probeId === wanted.probeId) as PanelMember
      this.newRun(wanted.key, who, wanted.kind, [...wanted.steps], wanted.dueAt)
    }
    for (const { runId, steps } of steering.append) this.run(runId).steps.push(...steps)
    for (const runId of steering.stop) this.run(runId).state = 'done'
    return steering
  }

  alarm(at: number, lost: readonly Endpoint[], more: AlarmMore): void {
    this.alarms.push({ at, lost, ...more } as Alarm)
  }

  /** The judgement of what is known now, beside the survey that it was made from. */
  judge(now: number): { judgement: Judgement; survey: Survey; facts: ScanFacts } {
    const facts = this.facts()
    return { judgement: judgeScan(facts, now), survey: survey(facts, now), facts }
  }

  private run(runId: string): LiveRun {
    return this.runs.find((one) => one.runId === runId) as LiveRun
  }
}

const anchorsOf = ({ anchors = 0 }: Setting): Endpoint[] =>
  Array.from({ length: anchors }, (_, i) => ({ address: `192.0.2.${60 + i}`, port: 443 }))
