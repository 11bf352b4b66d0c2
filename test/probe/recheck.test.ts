/** What stands for the re-check of a port that is known to be lost. */
import { expect, test } from 'vitest'
import { createMemory, type LastSeen } from '../../probe-node/memory.ts'
import { createOutput } from '../../probe-node/output.ts'
import type { Scan } from '../../probe-node/scan/context.ts'
import { createEndpoints } from '../../probe-node/scan/endpoints.ts'
import { inOneBan, lastsBehind, type OneBan, standsFor, stateOf, tellRecheck } from '../../probe-node/scan/recheck.ts'

const SCAN_ID = 'scn_recheck0001'
const FOUND_AT = Date.UTC(2026, 0, 5, 14, 0, 0)
const touchAt = (s: number, sight: LastSeen['sight'], purpose: LastSeen['purpose'] = 'verify'): LastSeen => ({
  purpose,
  sight,
  at: FOUND_AT + s * 1_000,
  afterMs: 6_000,
})

/** A scan with ports 80 and 443 known, `s` seconds after they were found. */
function scanAt(s: number) {
  const memory = createMemory()
  const endpoints = createEndpoints({ addSpan: () => {} } as never)
  const known = [80, 443].map((port) =>
    endpoints.add(
      { address: '192.0.2.9', port, check: 'http', service: 'http', firstSeenOpenAt: FOUND_AT },
      FOUND_AT + 5_000,
    ),
  )
  const world = { clock: { now: () => FOUND_AT + s * 1_000 }, memory }
  const scan = { world, run: { scanId: SCAN_ID }, plan: {}, endpoints, output: createOutput() } as unknown as Scan
  const [web, tls] = known as [(typeof known)[0], (typeof known)[0]]
  for (const one of known) Object.assign(one, { state: 'lost', wasLost: true })
  return { scan, memory, web, tls }
}

test('the last round of a silent loss, while a ban that each touch renews could still run', () => {
  const { scan, memory, web } = scanAt(90)
  memory.saw(SCAN_ID, web.target, touchAt(48, 'unresponsive'))
  const seen = standsFor(scan, web)
  expect(seen?.at).toBe(FOUND_AT + 48_000)
  const last = { known: web, seen, isEarlier: true }
  expect(stateOf(last)).toBe('unresponsive')
  expect(tellRecheck(scan, [last])).toEqual([{ address: '192.0.2.9', port: 80, state: 'unresponsive' }])
  expect(scan.output.text()).toMatch(/now unresponsive \(.* at 14:00:48.*in the last round; not touched again/)
})

test('the same where the loss is met by silence after the connection: a tarpit’s table is renewed as well', () => {
  const { scan, memory, web } = scanAt(90)
  memory.saw(SCAN_ID, web.target, touchAt(48, 'mute'))
  expect(standsFor(scan, web)?.at).toBe(FOUND_AT + 48_000)
})

test('a look longer ago than that says nothing of now, and the silence since is broken: that touch costs nothing', () => {
  const at = (s: number) => {
    const { scan, memory, web } = scanAt(s)
    memory.saw(SCAN_ID, web.target, touchAt(48, 'unresponsive'))
    return standsFor(scan, web)
  }
  expect(at(108)?.at).toBe(FOUND_AT + 48_000)
  expect(at(109)).toBeNull()
})

test('what a neighbour met since makes no old look of this port a new one', () => {
  const { scan, memory, web, tls } = scanAt(120)
  memory.saw(SCAN_ID, web.target, touchAt(48, 'unresponsive'))
  memory.saw(SCAN_ID, tls.target, touchAt(70, 'unresponsive'))
  expect(standsFor(scan, web)).toBeNull()
  expect(standsFor(scan, tls)?.at).toBe(FOUND_AT + 70_000)
})

test('nothing stands for it where the port answered, was refused, is not known to be lost, or met only the watch', () => {
  for (const last of [touchAt(48, 'open'), touchAt(48, 'closed'), touchAt(48, 'unresponsive', 'watch')]) {
    const { scan, memory, web } = scanAt(60)
    memory.saw(SCAN_ID, web.target, last)
    expect(standsFor(scan, web)).toBeNull()
  }
  const { scan, memory, web } = scanAt(60)
  memory.saw(SCAN_ID, web.target, touchAt(48, 'unresponsive'))
  web.state = 'open'
  expect(standsFor(scan, web)).toBeNull()
})

test('ports that one event took are asked at one of them; what it meets there says where the others are', () => {
  const { scan, memory, web, tls } = scanAt(128)
  memory.saw(SCAN_ID, web.target, touchAt(52, 'cut'))
  memory.saw(SCAN_ID, tls.target, touchAt(53, 'cut'))
  const { bans, alone } = inOneBan(scan, [web, tls])
  expect(alone).toEqual([])
  expect(bans).toEqual([{ first: web, others: [tls], sight: 'cut' }])
  const [ban] = bans as [OneBan]
  const now = touchAt(128, 'cut', 'recheck')
  const behind = lastsBehind(ban, now)
  expect(behind).toEqual([{ known: tls, seen: now, madeAt: web }])
  expect(tellRecheck(scan, behind ?? [])).toEqual([{ address: '192.0.2.9', port: 443, state: 'closed' }])
  expect(scan.output.text()).toMatch(/ 443\/tcp .*now closed \(.* at port 80, lost with it; not touched again/)
  // Back there, or met by something else, it says nothing of the others: they are asked.
  for (const other of [touchAt(128, 'open', 'recheck'), touchAt(128, 'unresponsive', 'recheck'), null])
    expect(lastsBehind(ban, other)).toBeNull()
})

test('each is asked for itself where they were lost otherwise, at other times, or refused as stopped services refuse', () => {
  for (const [a, b] of [
    [touchAt(52, 'cut'), touchAt(52, 'unresponsive')],
    [touchAt(30, 'cut'), touchAt(52, 'cut')],
  ] as const) {
    const { scan, memory, web, tls } = scanAt(128)
    memory.saw(SCAN_ID, web.target, a)
    memory.saw(SCAN_ID, tls.target, b)
    expect(inOneBan(scan, [web, tls]).bans.map(({ others }) => others)).toEqual([[], []])
  }
  const { scan, memory, web, tls } = scanAt(128)
  memory.saw(SCAN_ID, web.target, touchAt(52, 'closed'))
  memory.saw(SCAN_ID, tls.target, touchAt(52, 'closed'))
  expect(inOneBan(scan, [web, tls])).toEqual({ bans: [], alone: [web, tls] })
})

test('a port that accepts and refuses in words is said to refuse', () => {
  const { scan, web } = scanAt(90)
  tellRecheck(scan, [{ known: web, seen: { ...touchAt(85, 'notice'), purpose: 'recheck' } }])
  expect(scan.output.text()).toMatch(/80\/tcp .*lost; open again, but it refuses \(/)
})
