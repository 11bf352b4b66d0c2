/** The Worker in workerd with its real D1, R2 and doorbell, a clock that tests move, and a count of rows written. */
import { applyD1Migrations, createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { makeKey } from '../../../schema/key.ts'
import { app } from '../../../worker/app.ts'
import type { Env } from '../../../worker/env.ts'
import { plan, send } from '../../../worker/flow.ts'
import { worldOf } from '../../../worker/world.ts'
import { countedD1 } from './counted-d1.ts'
import type { Door } from './fleet.ts'

export type { Answer } from './fleet.ts'

export const KEY = makeKey((count) => crypto.getRandomValues(new Uint8Array(count)))
export const START = Date.UTC(2026, 10, 22, 12, 0, 0)

export interface Stage extends Door {
  env: Env
  /** rows written since the last call of `rows()` */
  rows(): number
  /** queries, a batch being one, since the last call of `queries()` */
  queries(): number
  now(): number
  /** moves the clock */
  pass(ms: number): void
  /** a tick of cron */
  tick(): Promise<void>
  count(table: string, where?: string): Promise<number>
}

export async function openStage(overrides: Partial<Env> = {}): Promise<Stage> {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
  const bound = env as unknown as Env & { TEST_MIGRATIONS: Parameters<typeof applyD1Migrations>[1] }
  await applyD1Migrations(bound.DB, bound.TEST_MIGRATIONS)
  const { d1, take, queries } = countedD1(bound.DB)
  const stageEnv: Env = {
    DB: d1,
    RAW: bound.RAW,
    DOORBELL: bound.DOORBELL,
    ALLOW_PRIVATE: '1',
    BOOTSTRAP_KEY: KEY,
    CHANNEL_KEY: `k1:${btoa('0'.repeat(32))}`,
    PUBLIC_URL: 'https://portwitness.test',
    ...overrides,
  }
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const ctx = createExecutionContext()
    const answer = await app.fetch(new Request(`http://portwitness.test${path}`, init), stageEnv, ctx)
    await waitOnExecutionContext(ctx)
    return answer
  }
  return {
    env: stageEnv,
    rows: () => take().written,
    queries: () => queries().length,
    now: () => Date.now(),
    pass: (ms) => void vi.setSystemTime(Date.now() + ms),
    fetch: request,
    api: async (method, path, body, key = KEY) => {
      const answer = await request(`/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = new TextDecoder().decode(await answer.arrayBuffer())
      const isJson =
        (answer.headers.get('content-type') ?? '').includes('json') &&
        !(answer.headers.get('content-type') ?? '').includes('ndjson')
      return { status: answer.status, headers: answer.headers, body: (isJson ? JSON.parse(text) : text) as never }
    },
    tick: async () => {
      const ctx = createExecutionContext()
      const world = worldOf(stageEnv, Date.now(), (work) => ctx.waitUntil(work))
      await Promise.all([plan(world), send(world)])
      await waitOnExecutionContext(ctx)
    },
    count: async (table, where = '1') =>
      (await bound.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`).first<{ n: number }>())?.n ?? 0,
  }
}
