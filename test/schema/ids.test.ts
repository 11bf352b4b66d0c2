import * as v from 'valibot'
import { expect, test } from 'vitest'
import { derivedId, newId } from '../../schema/ids.ts'
import { ID_PREFIXES, id } from '../../schema/shapes.ts'

test('a new id passes the shape that every message asks for', () => {
  for (const prefix of ID_PREFIXES) {
    expect(newId(prefix)).toMatch(new RegExp(`^${prefix}_[0-9A-Za-z]{20}$`))
    expect(v.is(id(prefix), newId(prefix))).toBe(true)
  }
})

test('ten thousand ids are all different and use the whole alphabet in every place', () => {
  const ids = Array.from({ length: 10_000 }, () => newId('scn'))
  expect(new Set(ids).size).toBe(10_000)
  for (let place = 4; place < 24; place++) expect(new Set(ids.map((text) => text[place])).size).toBe(62)
})

test('the same parts always give the same id, so a repeated write meets its own row', async () => {
  const first = await derivedId('occ', 'scn_1', '203.0.113.9', 443)
  expect(await derivedId('occ', 'scn_1', '203.0.113.9', 443)).toBe(first)
  expect(v.is(id('occ'), first)).toBe(true)
})

test('parts never run into each other', async () => {
  const ids = await Promise.all([
    derivedId('occ', 'a', 'bc'),
    derivedId('occ', 'ab', 'c'),
    derivedId('occ', 'abc'),
    derivedId('occ', 'a', 'b', 'c'),
    derivedId('iss', 'abc'),
    derivedId('occ', 1),
    derivedId('occ', '1'),
    derivedId('occ', ''),
    derivedId('occ'),
  ])
  expect(new Set(ids).size).toBe(ids.length)
})

test('a derived id does not change between versions', async () => {
  // Rows written by an older version must still be met by a newer one.
  expect(await derivedId('occ', 'scn_1', '203.0.113.9', 443)).toMatchInlineSnapshot(`"occ_3NdUKcuerbPpEXT9KtiW"`)
})
