import { expect, test } from 'vitest'
import { createBrake, NO_CEILINGS } from '../../probe-node/brake.ts'
import { createLease } from '../../probe-node/lease.ts'
import { createLoads } from '../../probe-node/loads.ts'
import type { AlarmMore } from '../../probe-node/report.ts'
import type { Scan } from '../../probe-node/scan/context.ts'
import type { Known } from '../../probe-node/scan/endpoints.ts'
import { askWhose, loadOf } from '../../probe-node/scan/held-back.ts'
import { openSweeper } from '../../probe-node/sweep/sweeper.ts'
import { silent } from '../support/listeners.ts'

const HOST = '127.0.0.9'
const HELD = { address: HOST, offered: 1_350, passed: 49.6, freeAfterMs: 6_000 }
const known = (port: number, more: Partial<Known> = {}): Known =>
  ({
    target: { address: HOST, port },
    state: 'open',
    rationed: false,
    phantom: false,
    letGo: 0,
    nextWatchAt: 0,
    ...more,
  }) as Known

/** As much of a scan as is asked here. The Worker lets go when `release` is called. */
function scanOf(...ports: Known[]) {
  const alarms: AlarmMore[] = []
  const scan = {
    world: { brake: createBrake(NO_CEILINGS), clock: { now: Date.now }, loads: createLoads(), log: () => {} },
    run: { scanId: 'scn_one', lease: createLease({ now: 0, leaseUntil: 60_000 }, performance.now()) },
    plan: {},
    endpoints: {
      all: () => ports,
      get: ({ port }: { port: number }) => ports.find(({ target }) => target.port === port),
    },
    output: { line: () => {} },
    nudge: { ring: () => {} },
    reporter: { alarm: async (_: unknown, more: AlarmMore) => void alarms.push(more) },
    hold: false,
    connects: 0,
    ended: new AbortController().signal,
  } as unknown as Scan
  return { scan, alarms, release: () => void Object.assign(scan, { hold: false }) }
}
const idle = async () => {}

test('a search that was held back is told with what was asked and answered, and lent until the Worker lets go', async () => {
  const { scan, alarms, release } = scanOf(known(80))
  const asked = askWhose(scan, HELD, idle)
  expect(alarms).toEqual([{ limited: [{ address: HOST, offered: 1_350, passed: 50 }] }])
  const borrowed = () => scan.world.loads.borrow('scn_one', HOST, 10, scan.ended)
  expect(borrowed()).not.toBeNull()
  release()
  expect(await asked).toBe(true)
  expect(borrowed()).toBeNull()
})

test('what a ban took is not asked about, nor services that count touches', async () => {
  const lost = scanOf(known(80), known(443, { state: 'lost' }))
  expect(await askWhose(lost.scan, HELD, idle)).toBe(true)
  const late = scanOf(known(80))
  expect(await askWhose(late.scan, { ...HELD, freeAfterMs: 70_000 }, idle)).toBe(true)
  const counting = scanOf(known(22, { rationed: true }))
  expect(await askWhose(counting.scan, HELD, idle)).toBe(false)
  expect([...lost.alarms, ...late.alarms, ...counting.alarms]).toEqual([])
})

test('the search as a load keeps its pace until it is stopped, leaves open ports alone, and the watch waits', async () => {
  await using server = await silent(HOST)
  const one = known(server.port)
  const { scan } = scanOf(one)
  const order = Uint16Array.from([server.port, ...Array.from({ length: 50 }, (_, i) => 24_000 + i)])
  const job = { address: HOST, family: 4, source: '127.0.0.6', order, maxOpen: 500, sentinels: [], spared: [] } as const
  const before = server.accepted()
  await loadOf(scan, openSweeper(0), job, 10_000)(300, AbortSignal.timeout(1_000))
  // A loaded machine makes fewer.
  expect(scan.connects).toBeGreaterThan(50)
  expect(scan.connects).toBeLessThanOrEqual(400)
  expect(server.accepted()).toBe(before)
  expect(one.nextWatchAt).toBeGreaterThan(Date.now() + 3_000)
})
