import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { agentFor, until } from '../support/agent.ts'
import { fakeDesk } from '../support/fake-desk.ts'

interface Kept {
  publicKey: string
  madeAt: number
  next?: { publicKey: string }
}
const keptIn = async (folder: string) => JSON.parse(await readFile(join(folder, 'probe.json'), 'utf8')) as Kept
/** The key of this folder was made so many days ago. */
async function age(folder: string, days: number): Promise<Kept> {
  const kept = await keptIn(folder)
  const older = { ...kept, madeAt: kept.madeAt - days * 86_400_000 }
  await writeFile(join(folder, 'probe.json'), JSON.stringify(older))
  return older
}
const folderFor = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'portwitness-rotation-'))
  return { dataDir, [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) }
}

test('a key that is young stays; one that is old is changed, kept on disk, and used from then on', async () => {
  await using desk = await fakeDesk()
  await using folder = await folderFor()
  await using agent = await agentFor(desk, { dataDir: folder.dataDir })
  await until('a lease', () => desk.of('lease').length > 2)
  expect(desk.rotations).toBe(0)
  await agent.stop()
  const before = await age(folder.dataDir, 91)
  agent.start()
  await until('a new key', () => desk.rotations === 1)
  await until('a signature', () => desk.signedBy !== before.publicKey)
  const after = await keptIn(folder.dataDir)
  expect(after.publicKey).toBe(desk.signedBy)
  expect(after.next).toBeUndefined()
  expect(after.madeAt).toBeGreaterThan(Date.now() - 60_000)
  await agent.stop()
  agent.start()
  const leases = desk.of('lease').length
  await until('a lease', () => desk.of('lease').length > leases + 1)
  expect([desk.rotations, desk.badSignatures, desk.signedBy]).toEqual([1, 0, after.publicKey])
})

test('an answer that is lost locks nobody out: the same new key is told again', async () => {
  await using desk = await fakeDesk()
  await using folder = await folderFor()
  await using agent = await agentFor(desk, { dataDir: folder.dataDir })
  await until('a lease', () => desk.of('lease').length > 0)
  await agent.stop()
  const before = await age(folder.dataDir, 91)
  desk.loseAnswers = 2
  agent.start()
  await until('a new key', () => desk.rotations >= 3)
  await until('a signature', () => desk.signedBy !== before.publicKey)
  expect((await keptIn(folder.dataDir)).publicKey).toBe(desk.signedBy)
  expect(desk.badSignatures).toBe(0)
})

test('a process that dies between the Worker’s yes and its own note goes on with either key', async () => {
  await using desk = await fakeDesk()
  await using folder = await folderFor()
  await using agent = await agentFor(desk, { dataDir: folder.dataDir })
  await until('a lease', () => desk.of('lease').length > 0)
  await agent.stop()
  await age(folder.dataDir, 91)
  agent.start()
  await until('a new key', () => desk.rotations === 1)
  await agent.stop()
  // As it was on disk just before: the old key, and the new one beside it.
  const { probeId, ...next } = JSON.parse(await readFile(join(folder.dataDir, 'probe.json'), 'utf8'))
  await writeFile(
    join(folder.dataDir, 'probe.json'),
    JSON.stringify({ probeId, ...next, madeAt: 0, next: { ...next } }),
  )
  agent.start()
  await until('a new key', () => desk.rotations === 2)
  expect((await keptIn(folder.dataDir)).publicKey).toBe(next.publicKey)
  expect(desk.badSignatures).toBe(0)
})
