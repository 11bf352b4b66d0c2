import { BEACON_AGAIN_MS, BEACON_MS } from '../../../probe-node/beacons.ts'
import { createMemory, isPage, type Memory } from '../../../probe-node/memory.ts'
import type { PanelMember } from '../../../schema/facts.ts'
import type { Observation } from '../../../schema/wire.ts'
import type { CheckName, Service } from '../../../schema/words.ts'
import { ADDRESS, type Port } from '../../support/facts.ts'
import { bucketOf } from './bucket.ts'
import type { Answer, Deed, Element, Fate, Passing } from './element.ts'
import { arrives, type Shaken, shake } from './handshake.ts'
import type { Path } from './path.ts'
import type { Queue } from './queue.ts'
import { base64Of, HTTP_ODD, HTTP_OK, headOf, isWeb, ownWords, speaksFirst } from './words.ts'

export interface Ask {
  who: PanelMember
  address: string
  port: number
  check: CheckName
  service: Service
  deed: Deed
  at: number
  timeoutMs: number
}
type Heard = (touched: Touched) => void
type Packet = Pick<Ask, 'who' | 'address' | 'port' | 'deed' | 'check'>
export type Touched = Pick<Observation, 'sight' | 'afterMs'> & Partial<Observation>

/** What the probe itself does wrong. */
export interface ProbeFault {
  /** ports that its own side lets nothing out to */
  egress?: readonly number[]
  from?: number
  /** share of its touches that fail by its own limits (descriptors, ports) */
  exhausted?: number
  /** stalls: silence that it saw while its own loop stood still, and knows it */
  stalled?: boolean
  /** its clock is ahead by so much: it touches at another moment than it says */
  skewMs?: number
}

/** The one scan that is played in it. */
export const SCAN_ID = 'scn_simulated1'
const CUT_WITHIN_MS = 250
const BYSTANDER_MS = 3_000
const passes = () => 'pass' as const
/** The kernel's throttle of its own ICMP errors: one a second for each peer, six at once (net/ipv4/icmp.c). */
const ICMP = { perSecond: 1, burst: 6 } as const

/** Everything between the probes and the target, and the target's services. */
export class Network {
  private readonly queue: Queue
  readonly elements: readonly Element[]
  readonly paths: ReadonlyMap<string, Path>
  readonly faults: ReadonlyMap<string, ProbeFault>
  readonly roll: () => number
  private readonly services: ReadonlyMap<number, Service>
  private readonly icmp = bucketOf(ICMP.perSecond, ICMP.burst)
  private readonly memories = new Map<string, Memory>()

  constructor(
    queue: Queue,
    ports: readonly Port[],
    elements: readonly Element[],
    paths: ReadonlyMap<string, Path>,
    faults: ReadonlyMap<string, ProbeFault>,
    roll: () => number,
  ) {
    this.queue = queue
    this.elements = elements
    this.paths = paths
    this.faults = faults
    this.roll = roll
    this.services = new Map(ports.map((port) => [port.port, port.service]))
  }

  /** One touch; `then` hears at the moment the probe knows what it saw. */
  touch(ask: Ask, then: Heard): void {
    const fault = this.faults.get(ask.who.probeId)
    if (!fault) return void this.reach(ask, then)
    const isOn = ask.at >= (fault.from ?? 0)
    const fail = (touched: Touched) => void this.queue.at(ask.at + touched.afterMs, () => then(touched))
    if (isOn && fault.exhausted && this.roll() < fault.exhausted)
      return void fail({ sight: 'probe_fault', code: 'EMFILE', afterMs: 1, fit: false })
    if (isOn && fault.egress?.includes(ask.port)) return void fail({ sight: 'unresponsive', afterMs: ask.timeoutMs })
    if (isOn && fault.stalled && this.roll() < 0.7)
      return void fail({ sight: 'unresponsive', afterMs: ask.timeoutMs, fit: false })
    this.reach({ ...ask, at: ask.at + (fault.skewMs ?? 0) }, then)
  }

  private reach(ask: Ask, then: Heard): void {
    const path = this.path(ask.who)
    const judge = (at: number) => this.fateOf(ask, at)
    shake(this.queue, path, ask.at, ask.timeoutMs, judge, (shaken) => {
      if (shaken.end === 'silence') then({ sight: 'unresponsive', afterMs: ask.timeoutMs })
      else if (shaken.end === 'refused') then(refused(shaken))
      else this.talk(ask, path, shaken.afterMs, then)
    })
  }

  /** One SYN of the search for ports, to a port where nothing is. */
  knock(who: PanelMember, at: number): void {
    const packet: Passing = {
      who,
      address: ADDRESS,
      port: 1,
      service: 'unknown',
      deed: 'visit',
      at,
      ours: true,
      asks: false,
    }
    for (const element of this.elements) if (element.syn && element.syn(packet) !== 'pass') return
  }

  /** The search for ports, as what looks for it counts it. */
  detect(who: PanelMember, at: number, perSecond: number): void {
    for (const element of this.elements) element.sweep?.(who, at, perSecond)
  }

  /** The beacon beside a touch: one exchange with a door of ours, and another beside it when that takes long. */
  beacon(who: PanelMember, at: number, port: number, then: Heard): void {
    let first: Touched | null = null
    let second: Touched | null = null
    let isTold = false
    const hear = () => {
      const open = [first, second].find((one) => one?.sight === 'open')
      const said = open ?? (second ? first : null)
      if (!said || isTold) return
      isTold = true
      then(said)
    }
    this.queue.at(at, () =>
      this.door(who, at, port, BEACON_MS, (touched) => {
        first = touched
        hear()
      }),
    )
    const again = at + BEACON_AGAIN_MS
    this.queue.at(again, () => {
      if (isTold) return
      this.door(who, again, port, BEACON_MS - BEACON_AGAIN_MS, (touched) => {
        second = touched
        hear()
      })
    })
  }

  private door(who: PanelMember, at: number, port: number, timerMs: number, then: Heard): void {
    const path = this.path(who)
    const fault = this.faults.get(who.probeId)
    const tell = (touched: Touched) => void this.queue.at(at + touched.afterMs, () => then(touched))
    if (fault?.egress?.includes(port) && at >= (fault.from ?? 0))
      return void tell({ sight: 'unresponsive', afterMs: timerMs })
    const own: Path = { ...path, rttMs: Math.min(path.rttMs, 60), passes: path.reachesBeacon }
    shake(this.queue, own, at, timerMs, passes, ({ end, afterMs: connectMs }) => {
      if (end !== 'accepted') return void tell({ sight: 'unresponsive', afterMs: timerMs })
      const until = connectMs + timerMs
      let afterMs = connectMs
      for (let i = 0; i < 4 && afterMs < until; i++) afterMs += arrives(own, at + afterMs)
      if (afterMs >= until) tell({ sight: 'mute', afterMs: until })
      else tell({ sight: 'open', connectMs: Math.round(connectMs), afterMs: Math.round(afterMs) })
    })
  }

  /** What becomes of a packet of a connection kept since the start. */
  flow(who: PanelMember, port: number, at: number): Fate | 'fin' {
    const path = this.path(who)
    if (!path.passes(at) && !path.passes(at + 200) && !path.passes(at + 600)) return 'drop'
    const passing = this.passing({ who, address: ADDRESS, port, deed: 'visit', check: 'tcp' }, at)
    for (const element of this.elements) {
      const fate = element.flow?.(passing) ?? 'pass'
      if (fate !== 'pass') return fate
    }
    return 'pass'
  }

  /** A connection of the other scanner at work from the scanner's address; `made` hears when it is accepted. */
  bystander(who: PanelMember, port: number, deed: Deed, at: number, made: () => void): void {
    const path = this.path(who)
    const ask = { who, address: ADDRESS, port, deed, check: 'http' } as const
    const judge = (when: number) => this.fateOf(ask, when, false)
    shake(this.queue, path, at, BYSTANDER_MS, judge, ({ end, afterMs }) => {
      if (end !== 'accepted') return
      made()
      this.answerOf(this.passing(ask, at + afterMs, false))
    })
  }

  /** What a member's probe remembers of first answers: what it tells a block page by. */
  memory({ probeId }: PanelMember): Memory {
    const known = this.memories.get(probeId) ?? createMemory()
    this.memories.set(probeId, known)
    return known
  }

  private path(who: PanelMember): Path {
    return this.paths.get(who.probeId) as Path
  }

  private passing(ask: Packet, at: number, ours = true): Passing {
    const { who, address, port, deed, check } = ask
    const asks = check !== 'tcp' && check !== 'tls'
    return { who, address, port, deed, at, ours, asks, service: this.services.get(port) ?? 'unknown' }
  }

  private fateOf(ask: Packet, at: number, ours = true): Fate {
    const packet = this.passing(ask, at, ours)
    for (const element of this.elements) {
      const fate = element.syn?.(packet) ?? 'pass'
      if (fate !== 'pass') return this.told(fate, ask.who, at)
    }
    // A port that no setting names is closed; neighbours answer on what they are asked for.
    return ask.address !== ADDRESS || this.services.has(ask.port) ? 'pass' : 'reset'
  }

  /** Unreachable messages are throttled by the kernel that sends them; resets never are. */
  private told(fate: Fate, who: PanelMember, at: number): Fate {
    if (fate === 'pass' || fate === 'drop' || fate === 'reset') return fate
    return this.icmp.take(who.probeId, at) ? fate : 'drop'
  }

  /** The first element with a word of its own, once the service's log has it. */
  private answerOf(message: Passing): Answer | null {
    let answer: Answer | null = null
    for (const element of this.elements) {
      answer = element.talk?.(message) ?? null
      if (answer && 'atRequest' in answer && answer.atRequest && !message.asks) answer = null
      if (answer) break
    }
    if (message.address === ADDRESS) for (const element of this.elements) element.log?.(message)
    return answer
  }

  private talk(ask: Ask, path: Path, connectMs: number, then: Heard): void {
    const { check, service, at, timeoutMs } = ask
    const waitMs = check === 'tcp' ? CUT_WITHIN_MS : timeoutMs
    const clientFirst = check !== 'tcp' && !speaksFirst(service)
    const heardMs = connectMs + (clientFirst ? arrives(path, at + connectMs) : 0)
    const isHeard = heardMs < connectMs + waitMs || check === 'tcp'
    this.queue.at(at + Math.min(heardMs, connectMs + waitMs), () => {
      const answer = isHeard ? this.answerOf(this.passing(ask, this.queue.now())) : null
      const trips = check === 'https' ? 2 : check === 'tls' ? 1 : 0
      let afterMs = heardMs + (heardMs < connectMs + waitMs ? arrives(path, at + heardMs) : waitMs)
      for (let i = 0; i < 2 * trips && afterMs < connectMs + waitMs; i++) afterMs += arrives(path, at + afterMs)
      if (answer?.do === 'wait') afterMs += answer.ms
      if (answer?.do === 'say') afterMs += answer.afterMs ?? 0
      const touched = this.heard(ask, answer, connectMs, afterMs, waitMs)
      this.queue.at(at + touched.afterMs, () => then(touched))
    })
  }

  private heard(ask: Ask, answer: Answer | null, connectMs: number, afterMs: number, waitMs: number): Touched {
    const base = { connectMs: Math.round(connectMs) }
    const isMute = answer?.do === 'mute' || afterMs >= connectMs + waitMs
    if (isMute)
      return ask.check === 'tcp'
        ? { ...base, sight: 'open', afterMs: base.connectMs }
        : { ...base, sight: 'mute', afterMs: Math.round(connectMs + waitMs) }
    if (answer?.do === 'cut') return { ...base, sight: 'cut', ...this.cut(answer.how), afterMs: Math.round(afterMs) }
    return { ...base, afterMs: Math.round(afterMs), ...this.said(ask, answer) }
  }

  /** A reset that is in before the probe looks at the socket is told with the handshake. */
  private cut(how: 'end' | 'reset' | 'reset_at_once'): Partial<Touched> {
    if (how === 'end') return {}
    return { code: 'ECONNRESET', syscall: this.roll() < (how === 'reset_at_once' ? 0.85 : 0.05) ? 'connect' : 'read' }
  }

  private said({ who, port, check, service, deed }: Ask, answer: Answer | null): Omit<Touched, 'afterMs'> {
    const isOther = answer?.do === 'other'
    const identity = `${isOther ? 'other' : 'usual'}-${service}-${port}`
    if (check === 'tcp' || check === 'tls') return { sight: 'open', ...(check === 'tls' ? { identity } : {}) }
    if (answer?.do === 'say') {
      const firstBytes = base64Of(answer.text)
      if (!isWeb(service)) return { sight: answer.notice ? 'notice' : 'open', firstBytes }
      const status = answer.status ?? 200
      return { ...this.page(who, port, deed, answer.text, status, answer.mitigated ?? false), firstBytes, identity }
    }
    if (isWeb(service)) {
      const status = deed === 'odd' ? 404 : 200
      const text = status === 200 ? HTTP_OK : HTTP_ODD
      return {
        ...this.page(who, port, deed, text, status, false),
        firstBytes: base64Of(text),
        identity,
      }
    }
    const words = ownWords(service)
    return { sight: 'open', identity, ...(words ? { firstBytes: base64Of(words) } : {}) }
  }

  /** As the probe tells a block page from the service's own answer: by what this member got first. */
  private page(who: PanelMember, port: number, deed: Deed, text: string, status: number, mitigated: boolean) {
    // What a provoking request gets is no answer of the service as such.
    if (deed !== 'visit') return { sight: 'open' as const, httpStatus: status }
    const touched = {
      check: 'http',
      sight: 'open',
      afterMs: 0,
      httpStatus: status,
      mitigated,
      head: headOf(text),
    } as const
    const first = this.memory(who).first(SCAN_ID, { address: ADDRESS, port }, touched)
    return { sight: isPage(touched, first) ? ('page' as const) : ('open' as const), httpStatus: status }
  }
}

function refused({ fate, afterMs }: Extract<Shaken, { end: 'refused' }>): Touched {
  const base = { afterMs: Math.round(afterMs), syscall: 'connect' }
  switch (fate) {
    case 'reset':
    case 'port_unreachable':
      return { ...base, sight: 'closed', code: 'ECONNREFUSED' }
    case 'prohibited':
    case 'host_unreachable':
      return { ...base, sight: 'unreachable', code: 'EHOSTUNREACH' }
    case 'net_unreachable':
      return { ...base, sight: 'unreachable', code: 'ENETUNREACH' }
  }
}
