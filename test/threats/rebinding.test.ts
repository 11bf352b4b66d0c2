/** Threat: DNS rebinding. A name is asked once, by the Worker; what it said then is pinned, and nothing else is touched. */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { LeaseAnswer } from '../../schema/wire.ts'
import type { Probe } from '../worker/support/probes.ts'
import { openStage, type Stage } from '../worker/support/stage.ts'
import { type Names, openNames, openPublicFleet, openTenant, prove, type Tenant } from './support/control.ts'

let stage: Stage
let fleet: Probe[]
let names: Names
let mine: Tenant
let next = 0

beforeAll(async () => {
  stage = await openStage({ ALLOW_PRIVATE: '' })
  names = openNames(stage)
  fleet = await openPublicFleet(stage)
  mine = await openTenant(stage, 'mine')
}, 120_000)
beforeEach(async () => {
  stage.pass(60_000)
  await alive()
})

const alive = async () => {
  for (const probe of fleet) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 }, allowPrivate: false })
}
const fresh = () => `66.220.${++next}.7`
const INSIDE = ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', 'fd00:ec2::254', '::ffff:10.0.0.1', '64:ff9b::a00:1']

/** A name that leads to a proved address of its owner. */
async function named(name: string, more: object = {}): Promise<{ target: TargetAnswer; address: string }> {
  const address = fresh()
  names.addresses[name] = [address]
  const target = await mine.add(name, more)
  await prove(stage, fleet, mine, target.id)
  return { target, address }
}
const planned = async () => JSON.stringify((await stage.env.DB.prepare('SELECT plan FROM runs').all()).results)

test.each(INSIDE)(
  'a name that led to a public address when it was proved, and to %s at scan, is not scanned',
  async (inside) => {
    const name = `flip${++next}.example`
    const { target } = await named(name)
    names.addresses[name] = [inside]
    const { status, body } = await mine.scan(target.id)
    expect({ status, code: body.code }).toEqual({ status: 422, code: expect.stringMatching(/^(private|special)$/) })
    expect(await planned()).not.toContain(`"${inside}"`)
  },
)

test.each(INSIDE)('an answer that names %s beside the proved address is refused whole', async (inside) => {
  const name = `both${++next}.example`
  const { target, address } = await named(name)
  for (const answer of [
    [address, inside],
    [inside, address],
  ]) {
    names.addresses[name] = answer
    expect((await mine.scan(target.id)).status).toBe(422)
    stage.pass(30_000)
    expect((await mine.check(target.id)).status).toBe(422)
  }
})

test.each(['0x7f.1', '2130706433', '127.1', '0177.0.0.1', '127.0.0.1.', '１27.0.0.1', 'fe80::1%eth0', 'localhost', ''])(
  'a name server that answers %j has named no address',
  async (text) => {
    const name = `odd${++next}.example`
    const { target, address } = await named(name)
    names.addresses[name] = [text]
    expect(await mine.scan(target.id)).toMatchObject({ status: 422, body: { code: 'name_not_resolved' } })
    names.addresses[name] = [text, address]
    const { status, body: scan } = await mine.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
    expect(status).toBe(202)
    const row = await stage.env.DB.prepare('SELECT addresses FROM scans WHERE id = ?').bind(scan.id).first()
    expect(row).toEqual({ addresses: JSON.stringify([address]) })
    await mine.api('POST', `/scans/${scan.id}/cancel`, {})
  },
)

test('a name that moves between resolve and lease is touched where it was, by address', async () => {
  const { target, address } = await named('moves.example')
  const { status, body: scan } = await mine.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
  expect(status).toBe(202)
  names.addresses['moves.example'] = ['127.0.0.1']
  const leased: LeaseAnswer[] = []
  for (const probe of fleet) leased.push(await probe.lease({ allowPrivate: false }))
  const runs = leased.flatMap(({ runs }) => runs).filter(({ scanId }) => scanId === scan.id)
  expect(runs.some(({ kind }) => kind === 'scan')).toBe(true)
  for (const { plan } of runs) {
    expect(JSON.stringify(plan)).not.toContain('127.0.0.1')
    if (plan.kind === 'scan') expect(plan.addresses).toEqual([address])
    if ('steps' in plan)
      expect(new Set(plan.steps.flatMap(({ touches }) => touches.map((touch) => touch.address)))).toEqual(
        plan.steps.length > 0 ? new Set([address]) : new Set(),
      )
  }
  // Nor may a probe tell of the address that the name has now.
  const run = runs.find(({ kind }) => kind === 'scan')
  const scanner = fleet.find(({ id }) => id === scan.scanner?.probeId)
  const found = { check: 'http', service: 'http', port: 443, firstSeenOpenAt: stage.now(), address: '127.0.0.1' }
  const told = await scanner?.say('renew', {
    ...{ runId: run?.runId, epoch: run?.epoch, seq: 1, observations: [], spans: [], found: [found] },
  })
  expect(told?.status).toBe(422)
})

test('a name that flips at each question is answered by what it said to the scan, not before', async () => {
  const { target, address } = await named('flipflop.example')
  let asked = 0
  Object.defineProperty(names.addresses, 'flipflop.example', {
    get: () => (asked++ % 2 === 0 ? [address] : ['10.0.0.1']),
  })
  const said: number[] = []
  for (let i = 0; i < 4; i++) {
    const { status, body } = await mine.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
    said.push(status)
    if (status === 202) {
      const row = await stage.env.DB.prepare('SELECT addresses FROM scans WHERE id = ?').bind(body.id).first()
      expect(row).toEqual({ addresses: JSON.stringify([address]) })
      await mine.api('POST', `/scans/${body.id}/cancel`, {})
    }
  }
  // Once a scan, and no more often.
  expect(asked).toBe(4)
  expect(said).toEqual([202, 422, 202, 422])
})

test('a name that moves to an address nobody proved is skipped, and an issue says where it went', async () => {
  const { target, address } = await named('moved.example', { schedule: '0 * * * *' })
  const elsewhere = fresh()
  names.addresses['moved.example'] = [elsewhere]
  stage.pass(3_600_000)
  await alive()
  await stage.tick()
  const { body: issues } = await mine.api<{ items: { title: string; state: string; finding: string }[] }>(
    'GET',
    `/issues?targetId=${target.id}`,
  )
  expect(issues.items).toMatchObject([{ finding: 'unproved', state: 'open' }])
  expect(issues.items[0]?.title).toContain(elsewhere)
  const read = async () => (await mine.api<TargetAnswer>('GET', `/targets/${target.id}`)).body.control
  expect(await read()).toMatchObject({ state: 'unproved', addresses: [{ address: elsewhere, state: 'unproved' }] })
  expect(await planned()).not.toContain(elsewhere)
  // Back where it was, it is scanned again, and the issue is over.
  names.addresses['moved.example'] = [address]
  stage.pass(3_600_000)
  await alive()
  await stage.tick()
  expect(await read()).toMatchObject({ state: 'proved', addresses: [{ address }] })
  const { body: after } = await mine.api<{ items: { state: string }[] }>('GET', `/issues?targetId=${target.id}`)
  expect(after.items).toMatchObject([{ state: 'closed' }])
})

test('the proof of a name’s first address is none of its second', async () => {
  const { target, address } = await named('grows.example')
  const second = fresh()
  names.addresses['grows.example'] = [address, second]
  expect(await mine.scan(target.id)).toMatchObject({ status: 422, body: { code: 'unproved_address' } })
  await prove(stage, fleet, mine, target.id)
  const { status, body: scan } = await mine.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
  expect(status).toBe(202)
  const row = await stage.env.DB.prepare('SELECT addresses FROM scans WHERE id = ?').bind(scan.id).first()
  expect(row).toEqual({ addresses: JSON.stringify([address, second]) })
})
