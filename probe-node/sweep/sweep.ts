/**
 * The fast connect scan of one address: an adaptive number of open sockets, a ceiling on connects a second, two
 * passes for silent ports, and proofs of reach all along (reach.ts). No clock but performance.now(), no threads.
 */
import { acceptedPorts } from './accepted.ts'
import { isHeldBack, listen } from './answers.ts'
import { type Pace, paceOf } from './pace.ts'
import { replyOf, type Sentinel, watchReach } from './reach.ts'
import { accepts, isExhaustion, REFUSED, type Sockets, type SocketsOptions, type Status, TIMED_OUT } from './sockets.ts'
import { MANY_SILENT, SECOND_WHEN_MANY, TIMERS, type Timers } from './timers.ts'

export interface SweepJob {
  address: string
  family: 4 | 6
  source: string | null
  /** the ports, in the order in which they are tried */
  order: Uint16Array
  /** how many of them were handed out, when several sweeps share them: each takes a few at a time */
  handedOut?: Int32Array
  maxConnectsPerSecond: number
  /** sockets that may be open at once: our own descriptors and ports are the bound */
  maxOpen: number
  /** what is known to answer already */
  sentinels: readonly Sentinel[]
  /** ports never to be touched as sentinels */
  spared: readonly number[]
  /** nobody asks whether what answered still does: it is known that it may not */
  isUnwatched?: boolean
  /** timers in milliseconds; the defaults suit the internet */
  timers?: Partial<Timers>
}

export interface SweepEvents {
  /** `agoMs` before now its connect was started, and `rttMs` later it was accepted */
  onOpen(port: number, agoMs: number, rttMs: number): void
  /** one of the first that refused: others may ask it again */
  onRefused?(port: number, agoMs: number): void
  onProgress(done: number): void
}

export interface SweepOutcome {
  /** `lured`: ports that refused accept now, so that nothing that accepted since says anything */
  end: 'done' | 'reach_lost' | 'lured' | 'aborted' | 'exhausted'
  /** all that were started: both passes, and what was asked of sentinels */
  connects: number
  open: number[]
  refused: number
  silent: number
  unreachable: number
  /** tried too late, only once, or never: nothing is known of these. What no sweep took of a shared order is not in any list. */
  untested: Uint16Array
  /** to be tried when the way is free again; empty when the sweep came to its end */
  again: Uint16Array
  /** some ports that refused, as sentinels for later */
  refusedPorts: readonly number[]
  /** open ports that stopped answering as they did */
  suspects: readonly number[]
  /** handshake times in milliseconds: median of a sample */
  rttMs: number | null
  /** answers a second in the last seconds before reach was doubted, or before the end */
  trickle: number
}

export interface Sweep {
  outcome: Promise<SweepOutcome>
  /** Ends with what it has. `reach_lost`, `lured`: because of what somebody else saw. */
  stop(end?: 'aborted' | 'reach_lost' | 'lured'): void
  /** this open port turned out to count touches: no sentinel any more */
  spare(port: number): void
  /** somebody else saw this port accept or refuse: one more sentinel */
  known(sentinel: Sentinel, agoMs: number): void
}

const UNTRIED = 0
const IN_FLIGHT = 1
const OPEN = 2
const CLOSED = 3
const SILENT_ONCE = 4
const SILENT = 5
const UNREACHABLE = 6

/** One thread makes about this many; more sockets than that times the latency would only queue. */
const MOST_PER_SECOND = 100_000
const FEWEST_SOCKETS = 100
/** The number of sockets wanted is worked out after so many answers. */
const SIZED_EVERY = 10
const TICK_MS = 20
const SENTINEL_SLOTS = 8
const SOONEST_MS = 200
const FAULTS_TO_GIVE_UP = 2_000
/** So many ports a sweep takes from a shared order at a time: a few milliseconds of work. */
const PORTION = 256

export function startSweep(job: SweepJob, open: (options: SocketsOptions) => Sockets, events: SweepEvents): Sweep {
  const timers = { ...TIMERS, ...job.timers }
  const total = job.order.length
  const state = new Uint8Array(65_536)
  const triedAt = new Float64Array(65_536)
  const slots = job.maxOpen + SENTINEL_SLOTS
  const slotPort = new Uint16Array(slots)
  const slotStart = new Float64Array(slots)
  const slotTimer = new Float64Array(slots) // 0: the slot is free
  // Low numbers come first, those of the sentinels before all: a gap would make slow tables of the arrays by slot.
  const free = Array.from({ length: job.maxOpen }, (_, i) => slots - 1 - i)
  const reach = watchReach(job.sentinels, job.spared)
  const accepted = acceptedPorts(reach, (port, startedAt, heardAt) =>
    events.onOpen(port, performance.now() - startedAt, heardAt - startedAt),
  )
  const pace: Pace = paceOf(job.maxConnectsPerSecond, performance.now())

  /** what this sweep took of the order, and what it works on now */
  let queue = job.handedOut ? new Uint16Array(0) : job.order
  const portions = [queue]
  let next = 0
  let isDry = job.handedOut === undefined
  let pass: 1 | 2 = 1
  let inFlight = 0
  let done = 0
  let connects = 0
  let limit = Math.min(job.maxOpen, FEWEST_SOCKETS)
  let most = FEWEST_SOCKETS
  let answersToSizing = 0
  let ceiling = job.maxOpen
  let faults = 0
  let restUntil = 0
  let returned: number[] = []
  let silentShare = 0
  let silentRun = 0
  const answers = listen()
  /** as it was when reach was doubted last; null before that */
  let trickle: number | null = null
  const openPorts: number[] = []
  let sentinelsOut = new Map<number, Sentinel>()
  let lastSentinels = performance.now()
  let isDoubting = false
  let isFinal = false
  let isOver = false
  let wake: NodeJS.Timeout | null = null

  let settle: (outcome: SweepOutcome) => void = () => {}
  const outcome = new Promise<SweepOutcome>((resolve) => {
    settle = resolve
  })
  const sockets = open({ address: job.address, family: job.family, source: job.source, onAnswer })
  const ticker = setInterval(() => setImmediate(tick), TICK_MS)

  const firstTimer = () => Math.min(timers.firstMax, Math.max(timers.firstMin, answers.patience() ?? timers.firstMax))
  const secondTimer = () => (queue.length > MANY_SILENT ? Math.min(timers.second, SECOND_WHEN_MANY) : timers.second)

  /** Little's law: what must be in the air to reach the wanted rate. The least latency, as our own queue must not feed it. */
  function grow(wasSilent: boolean) {
    silentShare += ((wasSilent ? 1 : 0) - silentShare) / 100
    if (answersToSizing-- === 0) {
      answersToSizing = SIZED_EVERY
      const latency =
        silentShare * (pass === 1 ? firstTimer() : secondTimer()) +
        (1 - silentShare) * Math.max(1, Math.min(answers.quickest(), 1_000))
      const wanted = (1.25 * Math.min(job.maxConnectsPerSecond, MOST_PER_SECOND) * latency) / 1000
      most = Math.max(FEWEST_SOCKETS, Math.ceil(wanted))
    }
    limit = Math.min(most, ceiling, limit + 2)
  }

  /** Takes the next ports of a shared order; false when there are none left for us. */
  function takePortion(): boolean {
    if (isDry || !job.handedOut) return false
    const from = Atomics.add(job.handedOut, 0, PORTION)
    queue = job.order.slice(from, from + PORTION)
    next = 0
    isDry = from + PORTION >= total
    portions.push(queue)
    return queue.length > 0
  }

  /** Of the ports that this sweep took, those that are wanted. */
  function mine(wanted: (port: number) => boolean): Uint16Array {
    const kept = new Uint16Array(portions.reduce((sum, portion) => sum + portion.length, 0))
    let count = 0
    for (const portion of portions) for (const port of portion) if (wanted(port)) kept[count++] = port
    return kept.slice(0, count)
  }

  function nextPort(): number {
    if (returned.length > 0) return returned.pop() as number
    if (next < queue.length || (pass === 1 && takePortion())) return queue[next++] as number
    if (pass === 2 || inFlight > 0) return -1
    const silent = mine((port) => state[port] === SILENT_ONCE)
    if (silent.length === 0) return -1
    pass = 2
    queue = silent
    next = 1
    return silent[0] as number
  }

  function pump() {
    if (isOver || isDoubting || isFinal) return
    const now = performance.now()
    while (inFlight < limit && now >= restUntil) {
      const port = nextPort()
      if (port < 0) break
      if (!pace.take(now)) {
        returned.push(port)
        sleep(pace.waitMs(now))
        return
      }
      const slot = free.pop() as number
      inFlight += 1
      state[port] = IN_FLIGHT
      triedAt[port] = now
      slotPort[slot] = port
      slotStart[slot] = now
      slotTimer[slot] = pass === 1 ? firstTimer() : secondTimer()
      connects += 1
      sockets.connect(slot, port)
    }
    if (inFlight === 0 && returned.length === 0 && isDry && next >= queue.length && sentinelsOut.size === 0) {
      isFinal = true
      if (!askSentinels(now)) finish('done')
    }
  }

  function sleep(ms: number) {
    wake ??= setTimeout(() => {
      wake = null
      pump()
    }, ms)
  }

  function release(slot: number) {
    slotTimer[slot] = 0
    free.push(slot)
    inFlight -= 1
  }

  function onAnswer(slot: number, status: Status) {
    if (isOver || slotTimer[slot] === 0) return
    const sentinel = slot < SENTINEL_SLOTS ? sentinelsOut.get(slot) : undefined
    if (sentinel) return onSentinel(slot, sentinel, status)
    const now = performance.now()
    const port = slotPort[slot] as number
    const startedAt = slotStart[slot] as number
    release(slot)
    if (isExhaustion(status)) return onFault(port)
    faults = 0
    const isSilence = status === TIMED_OUT
    if (!isSilence) answers.heard(startedAt, now)
    silentRun = 0
    grow(isSilence)
    if (accepts(status)) {
      state[port] = OPEN
      openPorts.push(port)
      reach.answered(port, 'open', startedAt)
      accepted.heard(port, startedAt)
    } else if (status === REFUSED) {
      state[port] = CLOSED
      reach.answered(port, 'refused', startedAt)
      if (reach.refusing().includes(port)) events.onRefused?.(port, now - startedAt)
      accepted.refused()
    } else state[port] = isSilence ? SILENT : UNREACHABLE
    done += 1
    pump()
  }

  function onSilence(slot: number) {
    const port = slotPort[slot] as number
    sockets.abandon(slot)
    release(slot)
    if (pass === 1) state[port] = SILENT_ONCE
    else {
      state[port] = SILENT
      done += 1
    }
    silentRun += 1
    grow(true)
  }

  function onFault(port: number) {
    state[port] = UNTRIED
    returned.push(port)
    faults += 1
    ceiling = Math.max(16, Math.min(ceiling, limit) >> 1)
    limit = Math.min(limit, ceiling)
    restUntil = performance.now() + 100
    if (faults > FAULTS_TO_GIVE_UP) return finish('exhausted')
    sleep(100)
  }

  function askSentinels(now: number): boolean {
    lastSentinels = now
    if (job.isUnwatched) return false
    return sendSentinels(reach.begin(now, isFinal))
  }

  function sendSentinels(list: readonly Sentinel[]): boolean {
    list.slice(0, SENTINEL_SLOTS).forEach((sentinel, slot) => {
      sentinelsOut.set(slot, sentinel)
      slotStart[slot] = performance.now()
      slotTimer[slot] = timers.sentinel
      connects += 1
      sockets.connect(slot, sentinel.port)
    })
    return list.length > 0
  }

  function onSentinel(slot: number, sentinel: Sentinel, status: Status | null) {
    if (status === null) sockets.abandon(slot)
    slotTimer[slot] = 0
    sentinelsOut.delete(slot)
    const reply = replyOf(sentinel, status)
    const now = performance.now()
    const isLate = !isDoubting && silentShare > 0.5 && answers.isLate(now - (slotStart[slot] as number))
    if ((reply === 'fails' || isLate) && !isDoubting) trickle = answers.trickle(now)
    isDoubting ||= reply === 'fails' || reply === 'accepts'
    reach.heard(sentinel, reply === 'as_before' && isLate ? 'late' : reply)
    if (sentinelsOut.size > 0) return
    if (sendSentinels(reach.more())) return
    isDoubting = false
    silentRun = 0
    if (reach.isLured()) return finish('lured')
    accepted.refused()
    if (reach.isLost() || isHeld()) return finish('reach_lost')
    if (isFinal) return finish('done')
    pump()
  }

  /** A short sweep rests between its passes: there one round must do, amid which most of it was dropped, but not all. */
  const isHeld = () =>
    reach.isHeldBack() || (isFinal && reach.wasHelped() && isHeldBack(job.maxConnectsPerSecond, trickle ?? 0))

  function tick() {
    if (isOver) return
    const now = performance.now()
    for (let slot = 0; slot < slots; slot++) {
      const timer = slotTimer[slot] as number
      if (timer === 0 || now - (slotStart[slot] as number) < timer) continue
      const sentinel = sentinelsOut.get(slot)
      if (sentinel) onSentinel(slot, sentinel, null)
      else onSilence(slot)
      if (isOver) return
    }
    events.onProgress(done)
    // Fifty silences running where half the ports used to answer is a jump worth an early look, and so is what accepts.
    const hasJumped = accepted.waiting().size > 0 || (silentRun >= 50 && answers.count() > done / 2)
    const isTime =
      now - lastSentinels >= (hasJumped ? Math.min(SOONEST_MS, timers.sentinelEvery) : timers.sentinelEvery)
    if (!isFinal && sentinelsOut.size === 0 && isTime) askSentinels(now)
    pump()
  }

  function finish(end: SweepOutcome['end']) {
    if (isOver) return
    isOver = true
    clearInterval(ticker)
    if (wake) clearTimeout(wake)
    sentinelsOut = new Map()
    returned = []
    sockets.close()
    const isLured = end === 'lured'
    const provedAt = isLured ? reach.refusedAt() : reach.provedAt()
    // What waits when a sweep is broken off waits for the next one.
    if (!isLured && end !== 'aborted') accepted.tellAll()
    const answered = (end === 'reach_lost' ? trickle : null) ?? answers.trickle(performance.now())
    // What is let through in part drops by lot: no silence says anything, whatever was proved beside it.
    const isByLot = end === 'reach_lost' && (isHeld() || isHeldBack(job.maxConnectsPerSecond, answered))
    const isUnproved = (port: number) => {
      if (state[port] === OPEN) return accepted.waiting().has(port)
      if (isByLot && (state[port] === SILENT || state[port] === SILENT_ONCE)) return true
      if (state[port] === UNTRIED || state[port] === IN_FLIGHT || provedAt === null) return true
      // Its second pass never came: a limit may have dropped the first.
      if (end !== 'done' && state[port] === SILENT_ONCE) return true
      return end !== 'done' && (triedAt[port] as number) >= provedAt
    }
    const untested = mine(isUnproved)
    const count = (wanted: number) => mine((port) => state[port] === wanted).length
    settle({
      end,
      connects,
      open: openPorts.filter((port) => !isUnproved(port)),
      refused: count(CLOSED),
      silent: count(SILENT) + count(SILENT_ONCE),
      unreachable: count(UNREACHABLE),
      untested,
      again: end === 'done' ? new Uint16Array(0) : untested,
      refusedPorts: [...reach.refusing()],
      suspects: reach.suspects(),
      rttMs: answers.median(),
      trickle: answered,
    })
  }

  if (total === 0) finish('done')
  else setImmediate(pump)
  return {
    outcome,
    stop: (end = 'aborted') => finish(end),
    spare: (port) => reach.spare(port),
    known: ({ port, kind }, agoMs) => reach.answered(port, kind, performance.now() - agoMs),
  }
}
