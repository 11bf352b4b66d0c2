import { constants } from 'node:os'
import { expect, test } from 'vitest'
import { slower } from '../../probe-node/scan/held-back.ts'
import { orderAgain, randomOf, shuffle, sweepOrder } from '../../probe-node/sweep/order.ts'
import { paceOf } from '../../probe-node/sweep/pace.ts'
import { openSockets, plainSockets, type Sockets, type SocketsOptions } from '../../probe-node/sweep/sockets.ts'
import { type SweepJob, type SweepOutcome, startSweep } from '../../probe-node/sweep/sweep.ts'
import { openSweeper } from '../../probe-node/sweep/sweeper.ts'
import { listener, silent, sshd } from '../support/listeners.ts'

/** An address of this process alone: nobody else's listeners come and go on it. */
const HOST = `127.7.${(process.pid >> 8) & 255}.${1 + (process.pid % 254)}`
const QUICK = { firstMin: 40, firstMax: 80, second: 120, sentinelEvery: 60, sentinel: 80 }
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

const jobOf = (ports: readonly number[], more: Partial<SweepJob> = {}): SweepJob => ({
  address: HOST,
  family: 4,
  source: '127.0.0.6',
  order: sweepOrder(Uint16Array.from(ports), [], 42),
  maxConnectsPerSecond: 200_000,
  maxOpen: 500,
  sentinels: [],
  spared: [],
  timers: QUICK,
  ...more,
})
const run = (
  job: SweepJob,
  open: (options: SocketsOptions) => Sockets = openSockets,
  onOpen: (port: number) => void = () => {},
): Promise<SweepOutcome> => startSweep(job, open, { onOpen, onProgress: () => {} }).outcome

/** A firewall in front of the real sockets: from the `after`th connect on, these ports are dropped in silence. */
const banning =
  (after: number, isBanned: (port: number) => boolean = () => true) =>
  (options: SocketsOptions): Sockets => {
    const real = openSockets(options)
    let count = 0
    return {
      ...real,
      connect: (slot, port) => (count++ >= after && isBanned(port) ? undefined : real.connect(slot, port)),
    }
  }

test('an order holds every port once, the likely ones first, and is the same for the same seed', () => {
  const order = sweepOrder(Uint16Array.from(range(1, 1_000)), [22, 80, 443], 7)
  expect([...order].toSorted((a, b) => a - b)).toEqual(range(1, 1_000))
  expect([...order.slice(0, 3)].toSorted((a, b) => a - b)).toEqual([22, 80, 443])
  expect(sweepOrder(Uint16Array.from(range(1, 1_000)), [22, 80, 443], 7)).toEqual(order)
  expect(sweepOrder(Uint16Array.from(range(1, 1_000)), [22, 80, 443], 8)).not.toEqual(order)
  expect(shuffle(range(1, 100), randomOf(1))).not.toEqual(range(1, 100))
})

test('of what is taken up again comes first what accepted once, each port once', () => {
  expect([...orderAgain(new Set([443, 80]), Uint16Array.from([1_001, 80, 22]))]).toEqual([443, 80, 1_001, 22])
})

test('the pace never lets more through than its rate and one small burst', () => {
  for (const rate of [1, 10, 1_000, 50_000]) {
    const pace = paceOf(rate, 0)
    let taken = 0
    for (let now = 0; now <= 2_000; now += 0.5) while (pace.take(now)) taken += 1
    expect(taken).toBeLessThanOrEqual(2 * rate + Math.max(1, rate * 0.02) + 1)
    expect(taken).toBeGreaterThanOrEqual(2 * rate - 1)
  }
})

test.each([
  ['bare', openSockets],
  ['plain', plainSockets],
])('nothing is missed and nothing invented (%s sockets)', async (_, open) => {
  const listeners = await Promise.all(Array.from({ length: 12 }, (_, i) => (i % 2 ? silent(HOST) : sshd(HOST))))
  const there = listeners.map(({ port }) => port)
  const ports = [...new Set([...range(10_000, 12_000), ...there])]
  // With the timers of a real scan: a loaded machine takes longer than the quick ones to refuse.
  const outcome = await run(jobOf(ports, { timers: {} }), open)
  expect(outcome.end).toBe('done')
  expect(outcome.open.toSorted()).toEqual(there.toSorted())
  expect(outcome.open.length + outcome.refused).toBe(ports.length)
  expect(outcome.untested.length).toBe(0)
  for (const one of listeners) await one.close()
})

test('all 65,535 ports are swept on two threads, and the open ones found', async () => {
  await using one = await silent('127.0.0.3')
  await using other = await sshd('127.0.0.3')
  const sweeper = openSweeper(1)
  const found: number[] = []
  const job = jobOf(range(1, 65_535), { address: '127.0.0.3', timers: {} })
  const events = { onOpen: (port: number) => found.push(port), onProgress: () => {} }
  const outcome = await sweeper.sweep(job, events, new AbortController().signal)
  await sweeper.close()
  expect(outcome).toMatchObject({ end: 'done', suspects: [] })
  expect(found.toSorted()).toEqual(outcome.open.toSorted())
  expect(found).toEqual(expect.arrayContaining([one.port, other.port]))
  expect(outcome.open.length + outcome.refused + outcome.silent + outcome.unreachable).toBe(65_535)
})

test('a silent port gets a second pass, and is found when it answers then', async () => {
  await using late = await silent(HOST)
  await using there = await silent(HOST)
  const tries = new Map<number, number>()
  const deafAtFirst = (options: SocketsOptions): Sockets => {
    const real = openSockets(options)
    return {
      ...real,
      connect(slot, port) {
        tries.set(port, (tries.get(port) ?? 0) + 1)
        if (port !== late.port || tries.get(port) !== 1) real.connect(slot, port)
      },
    }
  }
  const outcome = await run(jobOf([...range(9_000, 9_100), late.port, there.port]), deafAtFirst)
  expect(outcome.open.toSorted()).toEqual([late.port, there.port].toSorted())
})

test('after a ban in mid-sweep the ports tried since the last proof are not tested, instead of closed', async () => {
  await using there = await silent(HOST)
  const ports = [...range(10_000, 13_000).filter((port) => port !== there.port)]
  const job = jobOf(ports, { sentinels: [{ port: there.port, kind: 'open' }], maxConnectsPerSecond: 4_000 })
  const outcome = await run(job, banning(600))
  expect(outcome.end).toBe('reach_lost')
  expect(outcome.suspects).toEqual([there.port])
  expect(outcome.untested.length).toBeGreaterThan(2_000)
  // What was refused before the ban, and proved so, stays tested.
  expect(ports.length - outcome.untested.length).toBeGreaterThan(100)
  expect(outcome.again.length).toBeGreaterThanOrEqual(outcome.untested.length)
})

test('a limit that lets the second look through while the sweep pauses ends it, and no silence under it counts as tested', async () => {
  await using there = await silent(HOST)
  await using dropped = await silent(HOST)
  const ports = [...range(10_000, 13_000), dropped.port].filter((port) => port !== there.port)
  // A bucket of 30, and 50 a second: SYNs of the sweep use it up, a pause fills it.
  let tokens = 30
  let filledAt = performance.now()
  const limiting = (options: SocketsOptions): Sockets => {
    const real = openSockets(options)
    return {
      ...real,
      connect(slot, port) {
        const now = performance.now()
        tokens = Math.min(30, tokens + ((now - filledAt) / 1_000) * 50)
        filledAt = now
        if (tokens < 1 || port === dropped.port) return
        tokens -= 1
        real.connect(slot, port)
      },
    }
  }
  const outcome = await run(
    jobOf(ports, {
      sentinels: [{ port: there.port, kind: 'open' }],
      maxConnectsPerSecond: 1_000,
      timers: { ...QUICK, sentinel: 300, sentinelEvery: 300 },
    }),
    limiting,
  )
  expect(outcome.end).toBe('reach_lost')
  expect([...outcome.again]).toContain(dropped.port)
  // Refusals since the last proof are doubted too; of the silent ones none is left.
  expect(ports.length - outcome.untested.length).toBeLessThanOrEqual(outcome.open.length + outcome.refused)
})

test('a sweep that serves as a load goes on, whatever falls silent', async () => {
  await using open = await silent(HOST)
  const ports = [...range(20_000, 20_400), open.port]
  const outcome = await run(jobOf(ports, { isUnwatched: true, maxConnectsPerSecond: 2_000 }), banning(100))
  expect(outcome.end).toBe('done')
  expect(outcome.silent).toBeGreaterThan(200)
})

test('a port that was silent once before a ban is not tested: it never had its second look', async () => {
  await using there = await silent(HOST)
  const dropped = 10_005
  // A limit drops one packet early on; the ban of all comes later.
  const limiting = (options: SocketsOptions): Sockets => {
    const real = banning(900)(options)
    return { ...real, connect: (slot, port) => (port === dropped ? undefined : real.connect(slot, port)) }
  }
  const ports = range(10_000, 13_000).filter((port) => port !== there.port)
  const outcome = await run(
    {
      ...jobOf(ports, { sentinels: [{ port: there.port, kind: 'open' }], maxConnectsPerSecond: 3_000 }),
      order: Uint16Array.from(ports),
    },
    limiting,
  )
  expect(outcome.end).toBe('reach_lost')
  expect([...outcome.untested]).toContain(dropped)
  expect([...outcome.again]).toContain(dropped)
})

test('a limit goes on answering in part, a ban does not: the rate to go on with', async () => {
  await using there = await silent(HOST)
  const ports = range(10_000, 13_000).filter((port) => port !== there.port)
  const job = jobOf(ports, {
    sentinels: [{ port: there.port, kind: 'open' }],
    maxConnectsPerSecond: 1_000,
    timers: { ...QUICK, sentinel: 2_000, sentinelEvery: 300 },
  })
  const banned = await run(job, banning(600))
  expect(banned).toMatchObject({ end: 'reach_lost', trickle: 0 })
  expect(slower(1_000, banned.trickle)).toBe(125)

  let count = 0
  const limited = await run(
    job,
    banning(600, (port) => port === there.port || count++ % 20 > 0),
  )
  expect(limited.end).toBe('reach_lost')
  // One of twenty at up to a thousand a second.
  expect(limited.trickle).toBeGreaterThan(5)
  expect(limited.trickle).toBeLessThanOrEqual(60)
  expect(slower(1_000, limited.trickle)).toBeLessThanOrEqual(0.8 * 60)
})

test('a ban that answers with refusals is seen by the open port that is gone', async () => {
  await using there = await silent(HOST)
  const refusing = (options: SocketsOptions): Sockets => {
    const real = openSockets(options)
    let count = 0
    return { ...real, connect: (slot, port) => real.connect(slot, count++ >= 300 && port === there.port ? 1 : port) }
  }
  const job = jobOf(
    range(10_000, 30_000).filter((port) => port !== there.port),
    {
      sentinels: [{ port: there.port, kind: 'open' }],
      maxConnectsPerSecond: 4_000,
    },
  )
  const outcome = await run(job, refusing)
  expect(outcome).toMatchObject({ end: 'reach_lost', suspects: [there.port] })
  expect(outcome.untested.length).toBeGreaterThan(1_000)
})

test('when every port begins to accept, nothing that accepted since is told, and those ports are to be tried again', async () => {
  await using there = await silent(HOST)
  await using pot = await silent(HOST)
  const luring = (options: SocketsOptions): Sockets => {
    const real = openSockets(options)
    let count = 0
    return { ...real, connect: (slot, port) => real.connect(slot, count++ >= 600 ? pot.port : port) }
  }
  const told: number[] = []
  const ports = range(10_000, 13_000).filter((port) => port !== pot.port && port !== there.port)
  const order = Uint16Array.from([...ports.slice(0, 100), there.port, ...ports.slice(100)])
  const outcome = await run({ ...jobOf([], { maxConnectsPerSecond: 4_000 }), order }, luring, (port) => told.push(port))
  expect(outcome.end).toBe('lured')
  expect(outcome.open).toEqual([there.port])
  expect(told).toEqual([there.port])
  expect(outcome.refused).toBeGreaterThan(500)
  expect(outcome.again.length).toBeGreaterThan(2_000)
  expect(outcome.refused + outcome.again.length + 1).toBeGreaterThanOrEqual(order.length)
})

/** Every port is answered by one that accepts; those that loss takes stay silent. */
const baited =
  (pot: number, isLost: (port: number) => boolean = () => false) =>
  (options: SocketsOptions): Sockets => {
    const real = openSockets(options)
    return { ...real, connect: (slot, port) => (isLost(port) ? undefined : real.connect(slot, pot)) }
  }

test.each([
  ['all answer', []],
  ['half of them are lost on the way', [9_002, 9_003, 9_004]],
] as const)(
  'what refused in a sweep before gives a lure away in the next one from its first port on: %s',
  async (_how, lost) => {
    await using pot = await silent(HOST)
    const told: number[] = []
    const refused = range(9_000, 9_004).map((port) => ({ port, kind: 'refused' as const }))
    const job = jobOf(range(10_000, 12_000), { sentinels: refused, maxConnectsPerSecond: 2_000 })
    const isLost = (port: number) => lost.some((one) => one === port)
    const outcome = await run(job, baited(pot.port, isLost), (port) => told.push(port))
    expect([outcome.end, outcome.open, told]).toEqual(['lured', [], []])
    expect(outcome.again).toHaveLength(2_001)
    expect(outcome.refusedPorts).toHaveLength(5)
  },
)

test('what another sweep of the same host saw refuse gives a lure away as well', async () => {
  await using pot = await silent(HOST)
  const told: number[] = []
  const events = { onOpen: (port: number) => told.push(port), onProgress() {} }
  const sweep = startSweep(jobOf(range(10_000, 12_000), { maxConnectsPerSecond: 2_000 }), baited(pot.port), events)
  for (const port of range(9_000, 9_004)) sweep.known({ port, kind: 'refused' }, 5)
  expect(await sweep.outcome).toMatchObject({ end: 'lured', open: [] })
  expect(told).toEqual([])
})

test('a service that comes up on a port that refused is no lure', async () => {
  await using up = await silent(HOST)
  const ports = range(10_000, 12_000).filter((port) => port !== up.port)
  // The first port that is tried refuses then, and accepts each time that it is asked again.
  const rising = (options: SocketsOptions): Sockets => {
    const real = openSockets(options)
    let asked = 0
    return { ...real, connect: (slot, port) => real.connect(slot, port === ports[0] && asked++ > 0 ? up.port : port) }
  }
  const outcome = await run({ ...jobOf([], { maxConnectsPerSecond: 4_000 }), order: Uint16Array.from(ports) }, rising)
  expect(outcome).toMatchObject({ end: 'done', refused: ports.length, open: [] })
})

test('where nothing is open, refusals that turn to silence end the sweep as well', async () => {
  const outcome = await run(jobOf(range(10_000, 13_000), { maxConnectsPerSecond: 4_000 }), banning(600))
  expect(outcome.end).toBe('reach_lost')
  expect(outcome.untested.length).toBeGreaterThan(2_000)
})

test('one open port that goes away while others stay does not stop the sweep', async () => {
  const [gone, stays] = await Promise.all([silent(HOST), silent(HOST)])
  const ports = range(10_000, 11_500).filter((port) => port !== gone.port && port !== stays.port)
  const sentinels = [gone, stays].map(({ port }) => ({ port, kind: 'open' as const }))
  const outcome = await run(
    jobOf(ports, { sentinels, maxConnectsPerSecond: 2_000 }),
    banning(200, (port) => port === gone.port),
  )
  expect(outcome).toMatchObject({ end: 'done', suspects: [gone.port] })
  expect(outcome.untested.length).toBe(0)
  await gone.close()
  await stays.close()
})

test('an address that never answers is not proved reachable: nothing of it was tested', async () => {
  const outcome = await run(jobOf(range(10_000, 10_400)), banning(0))
  expect(outcome).toMatchObject({ end: 'done', open: [], silent: 401 })
  expect(outcome.untested.length).toBe(401)
})

test('when our own sockets run out the port is tried again, never called closed', async () => {
  await using there = await silent(HOST)
  const starved = (options: SocketsOptions): Sockets => {
    const real = openSockets(options)
    let count = 0
    return {
      ...real,
      connect(slot, port) {
        if (count++ < 40) setImmediate(() => options.onAnswer(slot, -constants.errno.EMFILE))
        else real.connect(slot, port)
      },
    }
  }
  const outcome = await run(jobOf([...range(9_000, 9_050), there.port]), starved)
  expect(outcome).toMatchObject({ end: 'done', open: [there.port] })
  expect(outcome.untested.length).toBe(0)
})

test('a port whose service counts touches is never a sentinel', async () => {
  let visits = 0
  await using counting = await listener((socket) => {
    visits += 1
    socket.resume()
  }, HOST)
  const ports = [...range(10_000, 10_800).filter((port) => port !== counting.port), counting.port]
  await run(jobOf(ports, { spared: [counting.port], maxConnectsPerSecond: 2_000 }))
  expect(visits).toBe(1)
})

test.each([0, 1])('a sweep that is over before it begins has tested nothing (%i helpers)', async (helpers) => {
  await using server = await silent(HOST)
  const sweeper = openSweeper(helpers)
  const job = jobOf([...range(10_000, 10_500), server.port])
  const outcome = await sweeper.sweep(job, { onOpen() {}, onProgress() {} }, AbortSignal.abort())
  await sweeper.close()
  expect(outcome).toMatchObject({ end: 'aborted', open: [], connects: 0 })
  expect(new Set(outcome.again)).toEqual(new Set(job.order))
  expect(server.accepted()).toBe(0)
})

test('a sweep that is stopped says what it did not get to', async () => {
  const ports = range(10_000, 14_000)
  const sweep = startSweep(jobOf(ports, { maxConnectsPerSecond: 500 }), openSockets, { onOpen() {}, onProgress() {} })
  setTimeout(() => sweep.stop(), 100)
  const outcome = await sweep.outcome
  expect(outcome.end).toBe('aborted')
  expect(outcome.untested.length).toBeGreaterThan(3_000)
})
