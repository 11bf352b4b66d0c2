import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { openFleet, type Probe } from '../worker/support/probes.ts'
import { KEY, openStage, type Stage } from '../worker/support/stage.ts'
import { BODIES } from './support/bodies.ts'
import { isApi, nameOf, ROUTES } from './support/routes.ts'

const CANARY = 'Planted-51f0-canary'
let stage: Stage
let fleet: Probe[]
let said: string[] = []
beforeAll(async () => {
  stage = await openStage()
  fleet = await openFleet(stage)
})
beforeEach(() => {
  said = []
  for (const how of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, how).mockImplementation((...words) => void said.push(words.map(String).join(' ')))
})
afterEach(() => vi.restoreAllMocks())

/** The database as it was, but every statement fails as D1 fails: with a text of its own. */
function broken(d1: D1Database, message: string): D1Database {
  const fail = () => Promise.reject(new Error(message))
  const statement = (): object => ({ bind: statement, run: fail, all: fail, raw: fail, first: fail })
  return { prepare: statement, batch: fail, exec: fail, dump: fail, withSession: () => d1 } as unknown as D1Database
}
/** What gives away how we are built: drizzle's words, SQL, parameters, stacks, files. */
const TELLTALES = [
  /Failed query/i,
  /params?:/i,
  /\bselect\b.+\bfrom\b/i,
  /insert into/i,
  /\bat .+\.ts:\d+/,
  /drizzle/i,
  /SQLITE/,
  /D1_ERROR/,
]

async function withBroken(message: string, ask: () => Promise<void>): Promise<void> {
  const { DB } = stage.env
  stage.env.DB = broken(DB, message)
  try {
    await ask()
  } finally {
    stage.env.DB = DB
  }
}

test.each([
  ['a fault of the database', `D1_ERROR: no such column: ${CANARY}: SQLITE_ERROR`, 500],
  ['a busy database', 'D1_ERROR: database is locked: SQLITE_BUSY', 503],
])('%s shows nothing of how we are built, on any route', async (_, message, status) => {
  await withBroken(message, async () => {
    for (const route of ROUTES.filter(isApi)) {
      const say =
        route.method === 'GET' || route.method === 'DELETE'
          ? undefined
          : BODIES[nameOf(route)]?.({
              stage,
              ids: { targets: 'tgt_00000000000000000000' },
              owner: { id: 'ten_0' },
            } as never)
      const path = route.path
        .replace('/api/v1', '')
        .replace(':id', 'tgt_00000000000000000000')
        .replace(/:\w+/g, 'nginx')
      const answer = await stage.api(route.method, path, say, KEY)
      const text = JSON.stringify(answer.body)
      // What needs no database, or is refused before it, may well succeed.
      if (answer.status >= 500) expect(answer.status, nameOf(route)).toBe(status)
      expect(text, nameOf(route)).not.toContain(CANARY)
      for (const telltale of TELLTALES) expect(text, nameOf(route)).not.toMatch(telltale)
    }
  })
})

test('a value that a caller sent comes into no log when the database fails on it', async () => {
  await withBroken('D1_ERROR: something else: SQLITE_ERROR', async () => {
    const answer = await stage.api<{ code: string }>('POST', '/targets', { address: '127.0.0.1', name: CANARY })
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } })
    expect(JSON.stringify(answer.body)).not.toContain(CANARY)
  })
  const log = said.join('\n')
  expect(log).toContain('"event":"bug"')
  expect(log).not.toContain(CANARY)
  expect(log).not.toMatch(/Failed query/)
  expect(log).not.toContain(KEY)
})

test('what a target said, and what a probe got wrong, come into no log and no error', async () => {
  const { body: target } = await stage.api<{ id: string }>('POST', '/targets', { address: '127.0.71.1', ports: '22' })
  const { body: scan } = await stage.api<{ id: string; scanner: { probeId: string } }>('POST', '/scans', {
    targetId: target.id,
  })
  const scanner = fleet.find(({ id }) => id === scan.scanner.probeId) as Probe
  const [run] = (await scanner.lease()).runs.filter((one) => one.kind === 'scan')
  const seen = {
    n: 1,
    purpose: 'identify',
    check: 'tcp',
    address: '127.0.71.1',
    port: 22,
    sight: 'open',
    at: stage.now(),
    afterMs: 1,
  }
  const report = { runId: run?.runId, epoch: run?.epoch, seq: 1, spans: [], found: [] }
  const banner = { ...seen, firstBytes: btoa(CANARY) }
  expect((await scanner.say('renew', { ...report, observations: [banner] })).status).toBe(200)
  for (const bad of [
    { ...report, observations: [{ ...banner, sight: CANARY }] },
    { ...report, seq: 2, observations: [{ ...banner, address: '127.0.99.9' }] },
    { ...report, seq: 2, observations: [{ ...banner, [CANARY.slice(0, 8)]: CANARY }] },
  ]) {
    const answer = await scanner.say('renew', bad)
    expect(answer.status).toBe(422)
    expect(JSON.stringify(answer.body)).not.toContain(CANARY)
    expect(JSON.stringify(answer.body)).not.toContain(btoa(CANARY))
  }
  expect(said.join('\n')).not.toContain(CANARY)
  expect(said.join('\n')).not.toContain(btoa(CANARY))
})
