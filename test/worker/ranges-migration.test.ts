/** Ranges of a stack from before there was a log: they keep their lives, get their keys, and begin the log. */
import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { parseCidr } from '../../schema/address.ts'
import { spanOf } from '../../schema/cidr.ts'
import type { RangeList } from '../../schema/ranges.ts'
import { openStage } from './support/stage.ts'

const OLD = [
  ['9.9.9.7/32', 'active', 1],
  ['255.0.0.255/32', 'announced', 1],
  ['10.0.0.9/32', 'active', 0],
  ['2a01:4f8:1:2:3:4:5:6/128', 'active', 1],
  ['2a01:4f8::6/128', 'retiring', 1],
  ['2a01::1:0:0:6/128', 'retired', 1],
  ['2a01:4f8:1:2:3:4::/128', 'active', 1],
  ['2a01::/128', 'active', 1],
  ['::1/128', 'active', 0],
] as const

test('the ranges of an older stack are found by their addresses, and the list is made of its log', async () => {
  const { DB, TEST_MIGRATIONS: all } = env as unknown as {
    DB: D1Database
    TEST_MIGRATIONS: Parameters<typeof applyD1Migrations>[1]
  }
  const at = all.findIndex(({ name }) => name.includes('ranges'))
  expect(at).toBeGreaterThan(0)
  await applyD1Migrations(DB, all.slice(0, at))
  for (const [i, [cidr, state, isPublic]] of OLD.entries())
    await DB.prepare(
      "INSERT INTO ranges (tenant_id, id, cidr, site, state, is_public, announced_at, active_from, retire_after) VALUES ('ten_default', ?, ?, 'fra-1', ?, ?, ?, ?, ?)",
    )
      .bind(
        `rng_old${i}0000000`,
        cidr,
        state,
        isPublic,
        1_790_000_000_000 + i,
        1_790_000_000_000,
        state === 'retiring' ? 1_900_000_000_000 : null,
      )
      .run()
  await applyD1Migrations(DB, all)

  const { results } = await DB.prepare('SELECT cidr, first_key, last_key, purpose FROM ranges').all<{
    cidr: string
    first_key: string
    last_key: string
    purpose: string
  }>()
  expect(results.length).toBe(OLD.length)
  for (const row of results) {
    const { firstKey, lastKey } = spanOf(parseCidr(row.cidr) as never)
    expect(row).toMatchObject({ first_key: firstKey, last_key: lastKey, purpose: 'scan' })
  }

  const stage = await openStage()
  const list = (await (await stage.fetch('/ip-ranges.json')).json()) as RangeList
  expect(list.prefixes.map(({ prefix }) => prefix)).toEqual([
    '9.9.9.7/32',
    '255.0.0.255/32',
    '2a01::/128',
    '2a01:4f8::6/128',
    '2a01:4f8:1:2:3:4::/128',
    '2a01:4f8:1:2:3:4:5:6/128',
  ])
  expect(list.serial).toBe(8)
  expect(await (await stage.fetch('/ip-ranges/versions/8.json')).json()).toEqual(list)
})
