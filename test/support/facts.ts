/**
 * A small world for the decisions: a panel of probes, endpoints that behave as a story says, and the line between them
 * (steer → steps → observations → judge) played through on a clock of its own. No network, no waiting.
 */
import type { Alarm, PanelMember, RunFacts, ScanFacts } from '../../schema/facts.ts'
import type { Judgement } from '../../schema/judgement.ts'
import { type Found, type Observation, type Step, SWEEP_LEAD_MS, type TouchTarget } from '../../schema/wire.ts'
import type { CheckName, Role, Service, Sight } from '../../schema/words.ts'
import { foundSteps } from '../../worker/core/baseline.ts'
import { judgeScan } from '../../worker/core/judge.ts'
import { steer } from '../../worker/core/steer.ts'
import type { Steering } from '../../worker/core/steering.ts'

export const T0 = Date.UTC(2026, 0, 5, 14, 0, 0)
export const ADDRESS = '192.0.2.9'
const SLICE_MS = 500

export const member = (probeId: string, role: Role, site: string, extra: Partial<PanelMember> = {}): PanelMember => ({
  probeId,
  role,
  site,
  provider: `host-${site}`,
  country: site.slice(0, 2).toUpperCase(),
  asn: null,
  sourceAddress: `198.51.100.${role === 'scanner' ? 7 : role === 'sibling' ? 8 : 20 + site.charCodeAt(0)}`,
  fit: true,
  rested: true,
  ...extra,
})

const opened = (
  n: number,
  purpose: Observation['purpose'],
  { port, check }: Pick<Port, 'port' | 'check'>,
  at: number,
): Observation => ({ n, purpose, check, address: ADDRESS, port, sight: 'open', at, connectMs: 10, afterMs: 20 })

/** Scanner and sibling in one site, three witnesses elsewhere. */
export const PANEL: readonly PanelMember[] = [
  member('prb_scanner0001', 'scanner', 'fra-1'),
  member('prb_sibling0001', 'sibling', 'fra-1'),
  member('prb_witness0001', 'witness', 'ams-1'),
  member('prb_witness0002', 'witness', 'nyc-1'),
  member('prb_witness0003', 'witness', 'sgp-1'),
]

export interface Port {
  port: number
  service: Service
  check: CheckName
  /** the scanner finds it; default true */
  found?: boolean
  phantom?: boolean
}
export const SSH: Port = { port: 22, service: 'ssh', check: 'greeting' }
export const HTTP: Port = { port: 80, service: 'http', check: 'http' }
export const HTTPS: Port = { port: 443, service: 'https', check: 'https' }
export const OTHER: Port = { port: 8443, service: 'tls', check: 'tls' }

/** What a touch sees. `afterMs` defaults to what is usual for the sight; `null` = the probe is gone and says nothing. */
export type Seen = Sight | (Partial<Omit<Observation, 'sight'>> & { sight: Sight }) | null
export interface Touch {
  member: PanelMember
  port: number
  address: string
  /** milliseconds after the scan's start */
  at: number
  purpose: Step['purpose']
  /** within its burst */
  nth: number
  /** the search for ports goes on meanwhile, at so many connects a second */
  sweep?: number | undefined
  timeoutMs: number
}

export interface Story {
  /** what each touch sees */
  sees: (touch: Touch) => Seen
  ports?: readonly Port[]
  panel?: readonly PanelMember[]
  /** the scan run ends so long after the start, or when verification lets it go */
  scanMs?: number
  /** from here on the scanner's probe is silent; its run is lost two leases later */
  scannerGoneAt?: number
  /** ports that the scan was asked for; default `1-1000,8443` */
  asked?: string
  lastKnown?: ScanFacts['lastKnown']
  /** everything falls silent to the scanner in its sweep, when it knows but these; taken up again from `to` on, milliseconds */
  silence?: { from: number; to: number; known?: readonly number[] }
  /** the search for ports was let through in part, as the scanner says at `at` */
  limited?: { at: number; offered: number; passed: number }
  anchors?: ScanFacts['anchors']
  /** another scanner works from the scanner's address: its connections to `port` that were made, at these milliseconds */
  company?: { port: number; at: readonly number[] }
  /** gap between touches of the watch */
  watchMs?: number
  /** false: no judgement while the story runs, only at its end (faster) */
  judgeEachStep?: boolean
  /** go on with recovery polls until then */
  recoverMs?: number
}

export interface Told {
  facts: ScanFacts
  judgement: Judgement
  /** when the scan was finished, milliseconds after its start; null when it never was */
  finishedMs: number | null
  /** every steering that changed something, in order */
  steerings: readonly { at: number; steering: Steering }[]
  port: (port: number) => Judgement['ports'][number]
}

interface LiveRun extends RunFacts {
  steps: Step[]
  observations: Observation[]
  found: Found[]
  state: RunFacts['state']
  heardAt: number | null
  dueAt: number
  n: number
  /** steps and bursts already carried out */
  done: Set<string>
}

/** Plays a story to its end. The same story gives the same facts. */
export function tell(story: Story): Told {
  const world = new World(story)
  return world.play()
}

class World {
  readonly story: Story
  readonly panel: readonly PanelMember[]
  readonly ports: readonly Port[]
  readonly runs: LiveRun[] = []
  readonly alarms: Alarm[] = []
  readonly steerings: { at: number; steering: Steering }[] = []
  /** observations on their way: known only when the touch has ended */
  flying: { run: LiveRun; observation: Observation; landsAt: number }[] = []
  state: ScanFacts['state'] = 'running'
  judgement: Judgement
  lost = new Set<number>()
  /** when the search for ports goes on for the sake of touches amid it */
  load: { from: number; to: number; sweep: number }[] = []
  /** something happened that the Worker would hear of */
  stirred = true

  constructor(story: Story) {
    this.story = story
    this.panel = story.panel ?? PANEL
    this.ports = story.ports ?? [HTTP, HTTPS]
    this.judgement = judgeScan(this.facts(), T0)
  }

  facts(): ScanFacts {
    return {
      scanId: 'scn_story00001',
      targetId: 'tgt_story00001',
      state: this.state,
      profile: this.story.company ? 'accompany' : 'standard',
      addresses: [ADDRESS],
      ports: this.story.asked ?? '1-1000,8443',
      portsAsked: 1001,
      createdAt: T0,
      startedAt: T0,
      panel: this.panel,
      runs: this.runs,
      alarms: this.alarms,
      anchors: this.story.anchors ?? [],
      lastKnown: this.story.lastKnown ?? [],
    }
  }

  play(): Told {
    const { scanMs = 20_000, scannerGoneAt = Number.POSITIVE_INFINITY, recoverMs = 0 } = this.story
    const scanner = this.panel.find((one) => one.role === 'scanner') as PanelMember
    const scan = this.newRun('scan', scanner, 'scan', [], T0)
    scan.heardAt = T0
    let hold = false
    let finishedMs: number | null = null
    for (let ms = 0; ms <= 1_200_000; ms += SLICE_MS) {
      const now = T0 + ms
      const gone = ms >= scannerGoneAt
      this.land(now)
      const { from, to, known = [] } = this.story.silence ?? { from: -1, to: 1_000 }
      if (ms === 1_000 && known.length > 0) this.find(scan, ms, known)
      if (ms === from) this.alarms.push({ at: now, lost: [], silenced: [ADDRESS] })
      if (ms >= to && !scan.discovered && !hold) this.discover(scan, ms)
      if (ms === this.story.limited?.at) {
        const { offered, passed } = this.story.limited
        this.alarms.push({ at: now, lost: [], limited: [{ address: ADDRESS, offered, passed }] })
        this.stirred = true
      }
      if (scan.state === 'leased' && !gone && ms > 2_000) this.watch(scan, scanner, ms)
      if (scan.state === 'leased' && !gone) this.accompany(scan, ms)
      if (scan.state === 'leased' && gone && ms > scannerGoneAt + 120_000) scan.state = 'ended'
      if (scan.state === 'leased' && !gone && !hold && scan.discovered && ms >= scanMs) this.close(scan, scanner, ms)
      this.carryOut(now, gone)
      // The Worker is asked when something was reported, and now and then.
      if (!this.stirred && ms % 2_000 !== 0) continue
      this.stirred = false
      const steering = steer(this.facts(), this.judgement, now)
      hold = steering.hold
      this.apply(steering, now)
      if (this.story.judgeEachStep) this.judgement = judgeScan(this.facts(), now)
      if (steering.done) {
        finishedMs = ms
        break
      }
    }
    this.land(Number.POSITIVE_INFINITY)
    const endAt = T0 + (finishedMs ?? 1_200_000)
    this.judgement = judgeScan(this.facts(), endAt)
    this.state = 'finished'
    this.stirred = true
    if (recoverMs > 0) this.recover(endAt, T0 + recoverMs)
    return {
      facts: this.facts(),
      judgement: this.judgement,
      finishedMs,
      steerings: this.steerings,
      port: (port) => {
        const found = this.judgement.ports.find((one) => one.port === port)
        if (!found) throw new Error(`port ${port} has no verdict`)
        return found
      },
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
      heardAt: null,
      closing: null,
      dueAt,
      n: 0,
      done: new Set(),
    }
    this.runs.push(run)
    return run
  }

  discover(scan: LiveRun, ms: number): void {
    this.find(
      scan,
      ms,
      this.ports.map(({ port }) => port),
    )
    if (this.ports.some((port) => port.phantom))
      for (let i = 0; i < 5; i++)
        scan.observations.push(opened(++scan.n, 'phantom', { port: 30_001 + 97 * i, check: 'tcp' }, T0 + ms))
    scan.discovered = true
  }

  find(scan: LiveRun, ms: number, which: readonly number[]): void {
    const isNew = (port: number) => which.includes(port) && !scan.found.some((one) => one.port === port)
    for (const port of this.ports.filter((one) => one.found !== false && isNew(one.port))) {
      scan.found.push({
        address: ADDRESS,
        port: port.port,
        check: port.check,
        service: port.service,
        firstSeenOpenAt: T0 + ms,
        ...(port.phantom ? { phantom: true } : {}),
      })
      scan.observations.push(opened(++scan.n, 'identify', port, T0 + ms))
    }
  }

  /** Each open port in turn, as the scanner's probe does it; an alarm as soon as a touch is known to be lost. */
  watch(scan: LiveRun, scanner: PanelMember, ms: number): void {
    const every = this.story.watchMs ?? 5_000
    for (const [i, found] of scan.found.entries()) {
      if (found.phantom || this.lost.has(found.port) || (ms + i * SLICE_MS) % every !== 0) continue
      this.touch(scan, scanner, { ...found }, ms, { purpose: 'watch', timeoutMs: 6_000 }, 0)
    }
    const fresh = scan.observations.filter(
      (o) =>
        o.purpose === 'watch' &&
        o.sight !== 'open' &&
        o.sight !== 'probe_fault' &&
        !this.lost.has(o.port) &&
        o.at + o.afterMs > T0 + ms - 2 * SLICE_MS,
    )
    if (fresh.length === 0) return
    for (const o of fresh) this.lost.add(o.port)
    this.stirred = true
    this.alarms.push({ at: T0 + ms, lost: fresh.map(({ address, port }) => ({ address, port })) })
  }

  /** The kernel's list is read while a port is lost. */
  accompany(scan: LiveRun, ms: number): void {
    const { port, at } = this.story.company ?? { port: 0, at: [] }
    if (!this.lost.has(port) || !at.some((one) => one > ms - SLICE_MS && one <= ms)) return
    const seen = opened(++scan.n, 'company', { port, check: 'tcp' }, T0 + ms)
    scan.observations.push({ ...seen, afterMs: 0 })
  }

  touch(
    run: LiveRun,
    who: PanelMember,
    target: Pick<TouchTarget, 'address' | 'port' | 'check'>,
    ms: number,
    step: Pick<Step, 'purpose' | 'timeoutMs'> & Partial<Step>,
    nth: number,
  ): void {
    const { purpose, timeoutMs } = step
    const { sweep } = this.load.find(({ from, to }) => ms >= from && ms <= to) ?? { sweep: undefined }
    const { address, port } = target
    const seen = this.look({ member: who, port, address, at: ms, purpose, nth, timeoutMs, sweep })
    if (seen === null) return
    const detail = typeof seen === 'string' ? { sight: seen } : seen
    const observation: Observation = {
      purpose,
      check: target.check,
      address: target.address,
      port: target.port,
      at: T0 + ms,
      afterMs: detail.sight === 'unresponsive' || detail.sight === 'mute' ? timeoutMs : 20,
      ...(detail.sight === 'open' ? { connectMs: 10 } : {}),
      ...(step.round === undefined ? {} : { round: step.round }),
      ...(step.experiment === undefined ? {} : { experiment: step.experiment }),
      ...detail,
      n: ++run.n,
    }
    this.flying.push({ run, observation, landsAt: observation.at + observation.afterMs })
  }

  /** A port that the story does not name is closed to everyone. */
  look(touch: Touch): Seen {
    return this.ports.some((one) => one.port === touch.port) || touch.address !== ADDRESS
      ? this.story.sees(touch)
      : 'closed'
  }

  carryOut(now: number, scannerGone: boolean): void {
    for (const run of this.runs) {
      if (run.kind === 'scan' || run.state === 'done' || run.state === 'ended' || run.dueAt > now) continue
      const who = this.panel.find((one) => one.probeId === run.probeId) as PanelMember
      if (who.role === 'scanner' && scannerGone) continue
      if (
        run.heardAt === null &&
        this.story.sees({
          member: who,
          port: 0,
          address: ADDRESS,
          at: now - T0,
          purpose: 'beacon',
          nth: 0,
          timeoutMs: 0,
        }) === null
      )
        continue
      run.state = 'leased'
      run.heardAt = now
      for (const step of [...run.steps, ...this.derived(run)]) {
        const key = `${step.at}|${step.purpose}|${step.experiment}|${step.round}`
        if (step.at > now || run.done.has(key)) continue
        run.done.add(key)
        for (const target of step.touches)
          for (let nth = 0; nth < (step.burst ?? 1); nth++) this.touch(run, who, target, step.at - T0, step, nth)
      }
    }
  }

  /** Touches of what the scanner found, which no plan holds. */
  derived(run: LiveRun): Step[] {
    return run.kind === 'baseline' ? foundSteps(this.runs.find((one) => one.kind === 'scan')?.found ?? []) : []
  }

  land(now: number): void {
    const landed = this.flying.filter((one) => one.landsAt <= now)
    if (landed.length === 0) return
    this.stirred = true
    this.flying = this.flying.filter((one) => one.landsAt > now)
    for (const { run, observation } of landed) run.observations.push(observation)
  }

  apply(steering: Steering, now: number): void {
    if (steering.wanted.length + steering.append.length + steering.stop.length > 0)
      this.steerings.push({ at: now - T0, steering })
    for (const wanted of steering.wanted) {
      if (this.runs.some((run) => run.key === wanted.key)) throw new Error(`${wanted.key} was wanted twice`)
      const who = this.panel.find((one) => one.probeId === wanted.probeId) as PanelMember
      this.newRun(wanted.key, who, wanted.kind, [...wanted.steps], wanted.dueAt)
    }
    for (const { runId, steps } of steering.append) {
      this.run(runId).steps.push(...steps)
      for (const { at, sweep } of steps)
        if (sweep !== undefined) this.load.push({ from: at - T0 - SWEEP_LEAD_MS, to: at - T0 + 1_500, sweep })
    }
    for (const runId of steering.stop) this.run(runId).state = 'done'
    for (const { port } of [...this.ports].filter((one) => this.lost.has(one.port)))
      if (!steering.lost.some((one) => one.port === port)) this.lost.delete(port)
  }

  run(runId: string): LiveRun {
    return this.runs.find((one) => one.runId === runId) as LiveRun
  }

  close(scan: LiveRun, scanner: PanelMember, ms: number): void {
    const recheck = scan.found.map((found) => {
      const seen = this.look({
        member: scanner,
        port: found.port,
        address: ADDRESS,
        at: ms,
        purpose: 'recheck',
        nth: 0,
        timeoutMs: 6_000,
      })
      const sight = seen === null ? 'unresponsive' : typeof seen === 'string' ? seen : seen.sight
      const state =
        sight === 'open'
          ? this.lost.has(found.port)
            ? 'reopened'
            : 'open'
          : sight === 'closed'
            ? 'closed'
            : 'unresponsive'
      return { address: ADDRESS, port: found.port, state } as const
    })
    scan.closing = { outcome: 'done', ports: { asked: 1001, tested: 1001, untested: '' }, recheck }
    scan.state = 'done'
    this.stirred = true
  }

  recover(from: number, to: number): void {
    for (let now = from; now <= to; now += 1_000) {
      this.carryOut(now, false)
      this.land(now)
      if (!this.stirred) continue
      this.stirred = false
      for (const run of this.runs) if (run.kind === 'recover' && run.observations.length > 0) run.state = 'done'
      this.judgement = judgeScan(this.facts(), now)
      this.apply(steer(this.facts(), this.judgement, now), now)
    }
    this.judgement = judgeScan(this.facts(), to)
  }
}

// ---------------------------------------------------------------- what stories are made of

export const isScanner = (touch: Touch): boolean => touch.member.role === 'scanner'
export const isHome = (touch: Touch): boolean => touch.member.role === 'scanner' || touch.member.role === 'sibling'
/** From `from` (ms) on these see `sight`, everything else is open. */
export const block =
  (
    who: (touch: Touch) => boolean,
    sight: Seen,
    from: number,
    to = Number.POSITIVE_INFINITY,
    ports?: readonly number[],
  ) =>
  (touch: Touch): Seen =>
    who(touch) && touch.at >= from && touch.at < to && (!ports || ports.includes(touch.port)) ? sight : 'open'
/** Base64 of a text, for `firstBytes`. */
export const bytes = (text: string): string => btoa(text)
