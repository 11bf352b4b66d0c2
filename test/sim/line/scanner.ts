import { AFTERMATH_MS } from '../../../probe-node/scan/aftermath.ts'
import type { Scan } from '../../../probe-node/scan/context.ts'
import { type Known, WATCH_EVERY_MS } from '../../../probe-node/scan/endpoints.ts'
import { pauseWatch } from '../../../probe-node/scan/held-back.ts'
import { raise, raiseLimit, settle, WATCH_TIMEOUT_MS } from '../../../probe-node/scan/losses.ts'
import { type Last, stateOf } from '../../../probe-node/scan/recheck.ts'
import type { Seen } from '../../../probe-node/touch.ts'
import type { PanelMember } from '../../../schema/facts.ts'
import { isRationed } from '../../../schema/service.ts'
import { RENEW_MS, type TouchTarget } from '../../../schema/wire.ts'
import { isLoss } from '../../../schema/words.ts'
import type { Steering } from '../../../worker/core/steering.ts'
import { ADDRESS, type Port, T0 } from '../../support/facts.ts'
import { startCanary } from './canary.ts'
import type { LiveRun } from './desk.ts'
import { engage } from './engage.ts'
import { type Errand, type Fleet, type Prober, touchOnce } from './probe.ts'
import { recheck } from './recheck.ts'
import type { Setting } from './setting.ts'
import { viewOf } from './view.ts'
import { watch } from './watch.ts'

/** Time for the panel to see what was found last (probe-node/scan/scan.ts). */
const PANEL_MS = 4_000
const PANEL_PORT_MS = 250
const PANEL_MOST_MS = 15_000
/** What another scanner gets when the plan does not say (probe-node/scan/scan.ts). */
const ACCOMPANY_MS = 60_000
/** The closer watch after the last stimulus (probe-node/scan/aftermath.ts). */
const CLOSER_MS = 2_500
const LOOK_MS = 100

/** The scanner's probe: discover, engage, watch, alarm, hold, re-check, in the order and at the pace of probe-node/scan. */
export class Scanner {
  readonly fleet: Fleet
  readonly setting: Setting
  readonly scan: Scan
  readonly run: LiveRun
  isOver = false
  private readonly prober: Prober
  /** ports that are being identified */
  private meeting = 0
  private answersNeeded = Number.POSITIVE_INFINITY
  private answers = 0
  private whenLetGo: (() => void) | null = null
  private hasAsked = false
  private canary: { tell(): void } | null = null

  constructor(fleet: Fleet, prober: Prober, setting: Setting) {
    this.fleet = fleet
    this.prober = prober
    this.setting = setting
    this.run = fleet.desk.newRun('scan', prober.who, 'scan', [], T0)
    this.scan = viewOf(fleet, setting, prober.who, this.run)
    fleet.pauseWatch = () => pauseWatch(this.scan, ADDRESS)
  }

  get who(): PanelMember {
    return this.prober.who
  }

  // ---------------------------------------------------------------- discovery

  start(): void {
    const { queue, roll } = this.fleet
    const { ports, sweep, elements } = this.setting
    const sweepMs = sweep?.ms ?? 1_500
    for (const element of elements) element.sweep?.(this.who, 300, sweep?.perSecond ?? 3)
    for (const port of ports) {
      if (port.found === false) continue
      const at = 300 + roll() * sweepMs
      this.meeting++
      queue.at(at, () => this.meet(port, 2))
    }
    this.endDiscovery(300 + sweepMs + 400)
    this.renew()
    watch(this)
  }

  /** Discovery is over when every port that answered was identified; nothing is provoked before the panel had its look. */
  private endDiscovery(at: number): void {
    const { queue } = this.fleet
    queue.at(at, () => {
      if (this.meeting > 0) return this.endDiscovery(queue.now() + 200)
      const { heldBack } = this.setting
      if (heldBack && !this.hasAsked) {
        this.hasAsked = true
        void raiseLimit(this.scan, { address: ADDRESS, ...heldBack })
        return this.untilLetGo(() => this.endDiscovery(queue.now()))
      }
      this.run.discovered = true
      this.fleet.stir(50)
      const { profile, watchMs = ACCOMPANY_MS } = this.setting
      const found = this.scan.endpoints.all().filter(({ phantom }) => !phantom)
      const lastAt = Math.max(0, ...found.map(({ firstSeenOpenAt }) => firstSeenOpenAt - T0))
      const until = Math.min(lastAt + PANEL_MS + found.length * PANEL_PORT_MS, queue.now() + PANEL_MOST_MS)
      queue.at(until, () => {
        if (profile !== 'accompany') return engage(this, () => this.aftermath())
        this.fleet.stir(20)
        queue.at(queue.now() + watchMs, () => this.lastWord())
      })
    })
  }

  /** Discovery makes two passes over what stays silent. */
  private meet(port: Port, tries: number): void {
    const { queue, stir, without } = this.fleet
    const target: TouchTarget = { address: ADDRESS, port: port.port, check: port.check, service: port.service }
    const at = T0 + queue.now()
    if (isRationed(port.service)) this.prober.ration.count(target)
    this.touch(target, { purpose: 'identify', timeoutMs: WATCH_TIMEOUT_MS, isEngagement: true }, (seen) => {
      const isThere = ['open', 'notice', 'page'].includes(seen.sight)
      if (!isThere && isLoss(seen.sight) && tries > 1) return this.meet(port, tries - 1)
      this.meeting--
      this.scan.reporter.add(seen)
      if (!isThere) return
      const { phantom } = port
      const { identity } = seen
      const found = {
        ...target,
        firstSeenOpenAt: at,
        ...(identity ? { identity } : {}),
        ...(phantom ? { phantom } : {}),
      }
      this.run.found.push(found)
      const known = this.scan.endpoints.add(found, at + WATCH_EVERY_MS, seen.sight)
      if (!this.canary && !without.canary && !known.rationed && !known.phantom) this.canary = startCanary(this)
      stir(300)
    })
  }

  /** What the Worker answers: these stay lost, the others are free again; nothing ends while it holds. */
  settle(answer: Pick<Steering, 'hold' | 'lost'>): void {
    if (this.isOver) return
    settle(this.scan, answer)
    this.answers++
    if (this.whenLetGo && !answer.hold && this.answers >= this.answersNeeded) {
      const then = this.whenLetGo
      this.whenLetGo = null
      then()
    }
  }

  // ---------------------------------------------------------------- the end

  private aftermath(): void {
    const { queue, roll } = this.fleet
    const { scan } = this
    const isStanding = () =>
      scan.endpoints
        .all()
        .some(({ planned, phantom, state }) => planned > 0 && !phantom && (state === 'open' || state === 'doubted'))
    const until = queue.now() + (AFTERMATH_MS[this.setting.profile] ?? 0)
    if (until > queue.now()) {
      scan.watchEveryMs = CLOSER_MS
      const now = scan.world.clock.now()
      for (const known of scan.endpoints.all())
        known.nextWatchAt = Math.min(known.nextWatchAt, now + roll() * CLOSER_MS)
    }
    const look = () => {
      if (!isStanding() || queue.now() >= until) return this.lastWord()
      queue.at(queue.now() + LOOK_MS, look)
    }
    look()
  }

  /** The work is done; the Worker may still be verifying. */
  private lastWord(): void {
    this.untilLetGo(() => {
      this.canary?.tell()
      this.lastLook()
    })
  }

  private untilLetGo(then: () => void): void {
    this.whenLetGo = then
    this.answersNeeded = this.answers + 1
    this.fleet.stir(20)
  }

  /** The re-check; a loss that nobody had seen before is verified first, and looked at again. */
  private lastLook(): void {
    recheck(this, this.scan.endpoints.all(), (lasts) => {
      const news = lasts.filter(
        ({ known, seen }) =>
          seen && isLoss(seen.sight) && seen.sight !== known.usual && !known.wasLost && !known.phantom,
      )
      if (news.length === 0) return this.close(lasts)
      const lost = news.map(({ known }) => known)
      void raise(this.scan, lost)
      this.untilLetGo(() =>
        recheck(this, lost, (again) =>
          this.close(lasts.map((last) => again.find(({ known, seen }) => known === last.known && seen) ?? last)),
        ),
      )
    })
  }

  private close(lasts: readonly Last[]): void {
    this.isOver = true
    this.scan.endpoints.flushSpans()
    const asked = this.fleet.desk.facts().portsAsked
    const place = ({ target: { address, port } }: Known) => ({ address, port })
    const recheck = lasts.flatMap((last) => {
      const state = stateOf(last)
      return state ? [{ ...place(last.known), state }] : []
    })
    const engagement = this.scan.endpoints
      .all()
      .filter(({ planned }) => planned > 0)
      .map((known) => ({ ...place(known), planned: known.planned, done: Math.min(known.done, known.planned) }))
    this.run.closing = { outcome: 'done', ports: { asked, tested: asked, untested: '' }, recheck, engagement }
    this.run.state = 'done'
    this.fleet.stir(20)
  }

  /** One touch, now; `then` hears of it when it is known, unless the scan is over by then. */
  touch(target: TouchTarget, errand: Errand, then: (seen: Seen) => void): void {
    touchOnce(this.fleet, this.prober, target, errand, (seen) => this.isOver || then(seen))
  }

  /** These side by side; `then` hears when all are known. */
  touchAll(which: readonly Known[], errandOf: (known: Known) => Errand, then: (seen: readonly Seen[]) => void): void {
    const all: Seen[] = []
    let awaited = which.length
    if (awaited === 0) return void then([])
    for (const [i, known] of which.entries())
      this.touch(known.target, errandOf(known), (seen) => {
        all[i] = seen
        if (--awaited === 0) then(all)
      })
  }

  /** The scan run asks again now and then; while it is held, the line does so by itself (play.ts). */
  private renew(): void {
    const { queue } = this.fleet
    queue.at(queue.now() + RENEW_MS, () => {
      if (this.isOver) return
      this.fleet.stir(0)
      this.renew()
    })
  }
}
