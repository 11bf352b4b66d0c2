/** Ten minutes of virtual time in which receivers do what receivers do, and what came of it when they are well again. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { openApi } from '../../probe-node/commands/api.ts'
import type { ChannelAnswer } from '../../schema/channels.ts'
import { makeKey } from '../../schema/key.ts'
import { bundleWorker } from '../../worker/embedded/bundle.ts'
import { COMPATIBILITY } from '../../worker/embedded/host.ts'
import { type Database, migrate } from '../../worker/embedded/migrate.ts'
import type { Reply } from '../support/reply.ts'
import { openUnruly } from '../support/unruly.ts'
import { type Count, counted, idInText, idOf, type Notice, noticeOf, STEPS, toldOf } from './story.ts'

const ROOT = join(import.meta.dirname, '../..')
const MINUTE = 60_000
const ISSUES = 15
const TROUBLE_MINUTES = 10
/** After that everything must have arrived: the schedule's first four waits and their jitter are below it. */
const PATIENCE_MINUTES = 4 * 60

interface Patient {
  name: string
  kind: string
  path: string
  ails: readonly Reply[]
  /** what it answers when it is well */
  well: Reply
  /** it takes messages and denies it: the same id comes again */
  lies?: boolean
}

const WEBHOOK = { kind: 'webhook', path: '', well: { status: 200 } }
const PATIENTS: readonly Patient[] = [
  { ...WEBHOOK, name: 'well', ails: [{ status: 204 }] },
  { ...WEBHOOK, name: 'slow', ails: [{ status: 200, afterMs: 400 }] },
  { ...WEBHOOK, name: 'throttles', ails: [{ status: 429, headers: { 'retry-after': '45' } }] },
  { ...WEBHOOK, name: 'errs', ails: [{ status: 500 }] },
  { ...WEBHOOK, name: 'hangs', ails: [{ hangs: true }] },
  { ...WEBHOOK, name: 'resets', ails: [{ resets: 'before' }] },
  { ...WEBHOOK, name: 'redirects', ails: [{ status: 307, headers: { location: 'http://127.0.0.1:9/' } }] },
  { ...WEBHOOK, name: 'lies', ails: [{ status: 500, lies: true }], lies: true },
  { ...WEBHOOK, name: 'takes-and-cuts', ails: [{ resets: 'after' }], lies: true },
  { ...WEBHOOK, name: 'all-in-turn', ails: [] },
  {
    ...{ name: 'slack', kind: 'slack', path: '/services/T0/B0/x' },
    ails: [
      { status: 429, headers: { 'retry-after': '30' }, body: 'rate_limited' },
      { status: 200, body: 'try later', refuses: true },
    ],
    well: { status: 200, body: 'ok' },
  },
  {
    ...{ name: 'discord', kind: 'discord', path: '/api/webhooks/1/x' },
    ails: [{ status: 429, body: '{"message":"slow down","retry_after":20.5,"global":false}' }],
    well: { status: 200, body: '{"id":"7"}' },
  },
]
const TURNS: readonly Reply[] = [
  { status: 429, headers: { 'retry-after': '1' } },
  { status: 500 },
  { hangs: true },
  { resets: 'before' },
  { status: 302, headers: { location: '/' } },
  {},
]

export interface Row {
  name: string
  count: Count
  lies: boolean
  /** real ms from the start of its tick to its arrival, at worst; only of those that answer */
  slowestMs: number | null
  minutes: number
}

export async function underFaults(): Promise<{ rows: Row[]; ticks: number }> {
  const data = mkdtempSync(join(tmpdir(), 'portwitness-faults-'))
  const receiver = await openUnruly()
  const key = makeKey((count) => crypto.getRandomValues(new Uint8Array(count)))
  const miniflare = new Miniflare({
    modules: [
      {
        type: 'ESModule',
        path: 'worker.js',
        contents: await bundleWorker(ROOT, 'test/worker/support/clocked-worker.ts'),
      },
    ],
    compatibilityDate: COMPATIBILITY.date,
    compatibilityFlags: COMPATIBILITY.flags,
    d1Databases: { DB: 'portwitness' },
    r2Buckets: { RAW: 'raw' },
    durableObjects: { DOORBELL: { className: 'Doorbell', useSQLite: true } },
    bindings: {
      ...{ ALLOW_PRIVATE: '1', ALLOW_LOCAL_RECEIVERS: '1', BOOTSTRAP_KEY: key },
      ...{ CHANNEL_KEY: `k1:${btoa('0'.repeat(32))}`, PUBLIC_URL: 'https://portwitness.test' },
    },
    d1Persist: data,
    host: '127.0.0.1',
    port: 0,
    cf: false,
    telemetry: { enabled: false },
  })
  try {
    const url = (await miniflare.ready).href.replace(/\/$/, '')
    await migrate((await miniflare.getD1Database('DB')) as unknown as Database, join(ROOT, 'schema/migrations'))
    const api = openApi({ url, key })
    for (const { name, kind, path, ails } of PATIENTS) {
      receiver.script(name, ails.length > 0 ? ails : Array.from({ length: 40 }, () => TURNS).flat())
      await api.send('POST', '/api/v1/channels', { kind, name, url: `${receiver.url}/in/${name}${path}` })
    }
    return await play(url, api, receiver)
  } finally {
    await miniflare.dispose()
    await receiver.close()
    rmSync(data, { recursive: true, force: true })
  }
}

async function play(
  url: string,
  api: ReturnType<typeof openApi>,
  receiver: Awaited<ReturnType<typeof openUnruly>>,
): Promise<{ rows: Row[]; ticks: number }> {
  const notices: Notice[] = []
  const slowest = new Map<string, number>()
  const doneAt = new Map<string, number>()
  let now = Date.now() + MINUTE
  let ticks = 0
  const tick = async () => {
    const began = Date.now()
    const before = new Map(PATIENTS.map(({ name }) => [name, receiver.log(name).length]))
    await fetch(`${url}/__tick?now=${now}`)
    ticks++
    for (const { name } of PATIENTS)
      for (const { at } of receiver.log(name).slice(before.get(name)))
        slowest.set(name, Math.max(slowest.get(name) ?? 0, at - began))
  }
  for (let minute = 0; minute < TROUBLE_MINUTES; minute++) {
    const due = dueIn(minute)
    notices.push(...due)
    for (const notice of due)
      await fetch(`${url}/__put?now=${now + notice.step}`, {
        method: 'POST',
        body: JSON.stringify([toldOf(notice, now)]),
      })
    await tick()
    now += MINUTE
  }
  const troubled = new Map(slowest)
  for (const { name, well } of PATIENTS) receiver.script(name, [well])
  for (let minute = 0; minute < PATIENCE_MINUTES && doneAt.size < PATIENTS.length; ) {
    await tick()
    const { items } = await api.get<{ items: ChannelAnswer[] }>('/api/v1/channels')
    for (const { name, waiting } of items) if (waiting === 0 && !doneAt.has(name)) doneAt.set(name, minute)
    // The waits grow: so do the steps.
    const step = minute < 20 ? 1 : 5
    minute += step
    now += step * MINUTE
  }
  const rows = PATIENTS.map(({ name, kind, lies }) => ({
    name,
    lies: lies === true,
    count: counted(receiver.log(name), notices, kind === 'webhook' ? idOf : idInText),
    slowestMs: name === 'well' || name === 'slow' ? (troubled.get(name) ?? null) : null,
    minutes: doneAt.get(name) ?? PATIENCE_MINUTES,
  }))
  return { rows, ticks }
}

/** Issues begin in the first half, and each goes on in the minutes after. */
function dueIn(minute: number): Notice[] {
  return Array.from({ length: ISSUES }, (_, issue) => issue).flatMap((issue) => {
    const step = minute - (issue % 5)
    // Some have all three steps in one minute.
    if (issue % 3 === 0) return step === 0 ? STEPS.map((_, all) => noticeOf(issue, all)) : []
    return step >= 0 && step < STEPS.length ? [noticeOf(issue, step)] : []
  })
}
