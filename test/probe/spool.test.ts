import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openSpool, type Report } from '../../probe-node/spool.ts'

const folders: string[] = []
let dataDir = ''
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portwitness-spool-'))
  folders.push(dataDir)
})
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

const report = (seq: number, output = ''): Report => ({
  kind: 'result',
  body: { runId: 'run_ABCDEFGHIJ', epoch: 1, seq, observations: [], spans: [], found: [], outcome: 'done', output },
})
const quiet = () => {}

test('what was kept is sent in order after a restart, and is gone once it was taken', async () => {
  const before = await openSpool(dataDir, quiet)
  for (const seq of [1, 2, 3]) await before.keep(report(seq))
  const spool = await openSpool(dataDir, quiet)
  expect(spool.count()).toBe(3)
  const sent: number[] = []
  await spool.drain(async ({ body }) => {
    sent.push(body.seq)
    return { ok: true, answer: null, askedAt: 0 }
  })
  expect(sent).toEqual([1, 2, 3])
  expect(spool.count()).toBe(0)
})

test('nothing is lost while the Worker is away, and what it refuses is not sent for ever', async () => {
  const spool = await openSpool(dataDir, quiet)
  await spool.keep(report(1))
  await spool.keep(report(2))
  await spool.drain(async () => ({ ok: false, why: 'unreachable', detail: '' }))
  expect(spool.count()).toBe(2)
  await spool.drain(async ({ body }) =>
    body.seq === 1 ? { ok: false, why: 'gone', detail: '' } : { ok: true, answer: null, askedAt: 0 },
  )
  expect(spool.count()).toBe(0)
})

test('it is bounded in number, bytes and age: the oldest go', async () => {
  const spool = await openSpool(dataDir, quiet, { files: 3, bytes: 5_000, ageMs: 60_000 })
  for (const seq of [1, 2, 3, 4, 5]) await spool.keep(report(seq))
  expect(spool.count()).toBe(3)
  await spool.keep(report(6, 'x'.repeat(4_800)))
  expect(spool.count()).toBe(1)
  const old = await openSpool(dataDir, quiet, { files: 3, bytes: 5_000, ageMs: -1 })
  await old.drain(async () => ({ ok: true, answer: null, askedAt: 0 }))
  expect(await readdir(join(dataDir, 'spool'))).toEqual([])
})

test('a file that was cut short by a crash does not stand in the way', async () => {
  const spool = await openSpool(dataDir, quiet)
  await writeFile(join(dataDir, 'spool', '00000000000001-run_x-1-0000001.json'), '{"kind":"resu')
  await spool.keep(report(1))
  const again = await openSpool(dataDir, quiet)
  const sent: number[] = []
  await again.drain(async ({ body }) => {
    sent.push(body.seq)
    return { ok: true, answer: null, askedAt: 0 }
  })
  expect(sent).toEqual([1])
})

test('what had to go is counted', async () => {
  const spool = await openSpool(dataDir, quiet, { files: 2, bytes: 50_000, ageMs: 60_000 })
  for (const seq of [1, 2, 3, 4]) await spool.keep(report(seq))
  expect([spool.count(), spool.dropped()]).toEqual([2, 2])
})

test('half of a report, as a full disk or a crash leaves it, does not stay', async () => {
  const spool = await openSpool(dataDir, quiet)
  await spool.keep(report(1))
  const [name = ''] = await readdir(join(dataDir, 'spool'))
  await writeFile(join(dataDir, 'spool', `${name}.new`), 'half of a rep')
  const again = await openSpool(dataDir, quiet)
  expect([again.count(), await readdir(join(dataDir, 'spool'))]).toEqual([1, [name]])
})
