/** What only operators have, from the command line: canaries, ceilings, letters. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CanaryAnswer } from '../../schema/api.ts'
import { type CeilingsAnswer, DEFAULT_CEILINGS } from '../../schema/ceilings.ts'
import type { LetterAnswer } from '../../schema/control.ts'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
let folder: string
beforeAll(async () => {
  stack = await startStack()
  folder = await mkdtemp(join(tmpdir(), 'portwitness-operator-'))
})
afterAll(async () => {
  await stack?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true, force: true })
})

const say = (...args: string[]) => stack.portwitness(...args).ended
async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await say(...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as T
}

test('canaries are added, listed and removed; what cannot be one is said before anything is sent', async () => {
  expect((await say('canaries')).stdout).toContain('No canaries')
  const made = await json<CanaryAnswer>('canaries', 'add', '127.0.0.70', '22', 'closed')
  expect(made).toMatchObject({ address: '127.0.0.70', port: 22, expect: 'closed' })
  const { stdout } = await say('canaries', 'list')
  expect(stdout).toMatch(/^CANARY .*\n.*127\.0\.0\.70 +22 +closed/)
  expect(await say('canaries', 'add', '127.0.0.70', '22', 'open')).toMatchObject({ code: 5 })
  for (const bad of [['nonsense', '22', 'open'], ['127.0.0.70', '0', 'open'], ['127.0.0.70', '22', 'maybe'], []])
    expect(await say('canaries', 'add', ...bad)).toMatchObject({ code: 2, stdout: '' })
  expect((await say('canaries', 'remove', made.id)).stdout).toContain('is no canary any more')
  expect(await json('canaries')).toEqual([])
  expect(await say('canaries', 'burn')).toMatchObject({ code: 2 })
})

test('ceilings are shown, set one by one, and put back', async () => {
  expect(await json('ceilings')).toEqual(DEFAULT_CEILINGS)
  expect((await say('ceilings')).stdout).toMatch(/public +target +2,000 +5,000,000\n/)
  await json('ceilings', 'set', 'network', '--per-second', '3000')
  await json('ceilings', 'set', 'target', '--private', '--per-day', '1000000')
  const set = await json<CeilingsAnswer>('ceilings', 'set', 'network', '--per-day', 'none')
  // What was set before stays.
  expect(set.public.network).toEqual({ perSecond: 3_000, perDay: null })
  expect(set.private.target).toEqual({ ...DEFAULT_CEILINGS.private.target, perDay: 1_000_000 })
  expect((await say('ceilings')).stdout).toMatch(/public +network +3,000 +none +set\n/)
  const reset = await json<CeilingsAnswer>('ceilings', 'reset', 'network')
  expect(reset.public).toEqual(DEFAULT_CEILINGS.public)
  expect(reset.private.target.perDay).toBe(1_000_000)
  expect(await json('ceilings', 'reset')).toEqual(DEFAULT_CEILINGS)
  for (const bad of [
    ['set', 'moon', '--per-day', '1'],
    ['set', 'target'],
    ['set', 'target', '--per-second', '0'],
    ['lift'],
  ])
    expect(await say('ceilings', ...bad)).toMatchObject({ code: 2, stdout: '' })
})

test('a letter is entered by its file, listed, and revoked', async () => {
  const file = join(folder, 'letter.pdf')
  await writeFile(file, 'I let them.')
  const tenant = await json<{ id: string }>('tenants', 'add', 'Guest')
  const day = (ahead: number) => new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10)
  const named = ['--tenant', tenant.id, '--signed-by', 'A. Holder', '--signed-at', day(-1), '--expires-at', day(30)]
  const made = await json<LetterAnswer>('letters', 'add', file, '--range', '45.33.7.0/24', ...named)
  expect(made).toMatchObject({ tenantId: tenant.id, cidr: '45.33.7.0/24', revokedAt: null })
  expect(made.sha256).toBe('f8fcee664b8ad4b0a7196200856a54b1f6d5c34033d41de879aa7b892f57c14b')
  expect((await say('letters')).stdout).toMatch(/45\.33\.7\.0\/24 +ten_\w+ +holds +\d{4}-\d\d-\d\d +A\. Holder/)
  expect((await say('letters', 'revoke', made.id)).stdout).toContain('is revoked')
  expect((await say('letters')).stdout).toContain('revoked')
  expect(await say('letters', 'add', join(folder, 'none'), '--range', '45.33.7.0/24', ...named)).toMatchObject({
    code: 1,
  })
  expect(await say('letters', 'add', file, ...named)).toMatchObject({ code: 2 })
  expect(await say('letters', 'add', file, '--range', '45.33.7.0/24', ...named, '--signed-at', 'today')).toMatchObject({
    code: 2,
  })
})
