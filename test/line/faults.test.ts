/** The smallest of `npm run faults`, and that its counts rise over a Worker without its safeguards. */
import { expect, test } from 'vitest'
import { shuffle } from '../faults/drills/shuffle.ts'

test('messages in no order at all, of two leases, each several times: nothing is lost or doubled', async () => {
  const row = await shuffle(4)
  expect(row.short).toEqual([])
  expect(row.tried).toBeGreaterThan(500)
})

test('a Worker that asks for no lease stores what is fenced, and the count says so', async () => {
  expect((await shuffle(4, 'fence')).doubled).toBeGreaterThan(0)
})

test('a Worker that acknowledges what it does not store loses it, and the count says so', async () => {
  expect((await shuffle(4, 'store')).lost).toBeGreaterThan(0)
})
