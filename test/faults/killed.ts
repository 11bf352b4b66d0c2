/** The embedded Worker, killed with -9 in the middle of its deliveries and started again. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { freePort } from '../../demo/loopback.ts'
import { type RunningWorker, startWorker } from '../../demo/stack.ts'
import type { ChannelAnswer } from '../../schema/channels.ts'
import { openUnruly } from '../support/unruly.ts'
import { type Count, counted, type Notice, noticeOf, STEPS, toldOf } from './story.ts'

const ROOT = join(import.meta.dirname, '../..')
const ISSUES = 12
/** Kills come when so many messages have been begun. */
const KILL_AFTER = [5, 17]
const NAMES = ['first', 'second'] as const
/** The lease of what was in the air, a tick of cron, and the rest of the messages. */
const PATIENCE_MS = 240_000

export async function underKills(): Promise<{
  rows: { name: string; count: Count }[]
  kills: number
  seconds: number
}> {
  const began = Date.now()
  const data = mkdtempSync(join(tmpdir(), 'portwitness-killed-'))
  const receiver = await openUnruly()
  for (const name of NAMES) receiver.script(name, [{ status: 200, afterMs: 150 }])
  const { port } = await freePort('127.0.0.1', 22_000 + (process.pid % 40) * 25)
  const open = () => startWorker(ROOT, data, port, ['--allow-local-receivers'])
  let worker = await open()
  try {
    for (const name of NAMES)
      await worker.api.send('POST', '/api/v1/channels', { kind: 'webhook', name, url: `${receiver.url}/in/${name}` })
    await worker.child.stop()
    const notices = Array.from({ length: ISSUES }, (_, issue) => STEPS.map((_, step) => noticeOf(issue, step))).flat()
    store(data, notices)
    worker = await open()
    for (const after of KILL_AFTER) {
      await until(() => receiver.log(NAMES[0]).length >= after, PATIENCE_MS)
      await kill(worker, data)
      worker = await open()
    }
    await until(async () => {
      const { items } = await worker.api.get<{ items: ChannelAnswer[] }>('/api/v1/channels')
      return items.every((one) => one.waiting === 0)
    }, PATIENCE_MS)
    const rows = NAMES.map((name) => ({ name, count: counted(receiver.log(name), notices) }))
    return { rows, kills: KILL_AFTER.length, seconds: Math.round((Date.now() - began) / 1_000) }
  } finally {
    await worker.child.stop()
    await receiver.close()
    rmSync(data, { recursive: true, force: true })
  }
}

/** The host, and the workerd that would outlive it: nothing of them gets to say a last word. */
async function kill(worker: RunningWorker, data: string): Promise<void> {
  const { runtime } = JSON.parse(readFileSync(join(data, 'host.json'), 'utf8')) as { runtime: { pid: number } | null }
  worker.child.kill('SIGKILL')
  if (runtime) process.kill(runtime.pid, 'SIGKILL')
  await worker.child.exited
}

/** What the line would have stored, written into the database while nobody has it open. */
function store(data: string, notices: readonly Notice[]): void {
  const folder = join(data, 'd1')
  const file = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(
    (path) => path.endsWith('.sqlite') && !path.includes('metadata'),
  )
  if (!file) throw new Error(`there is no database in ${folder}`)
  const db = new DatabaseSync(join(folder, file))
  const now = Date.now()
  const insert = db.prepare('INSERT INTO outbox (tenant_id, id, name, at, body) VALUES (?, ?, ?, ?, ?)')
  for (const notice of notices) {
    const { id, event } = toldOf(notice, now)
    insert.run('ten_default', id, event.type, now + notice.step, JSON.stringify(event))
  }
  db.close()
}

async function until(holds: () => boolean | Promise<boolean>, patienceMs: number): Promise<void> {
  const end = Date.now() + patienceMs
  while (!(await holds())) {
    if (Date.now() > end) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
