import { expect, test } from 'vitest'
import { type DriftRange, type DriftTarget, knownSince, outdatedBy, stillOutdated } from '../../worker/core/drift.ts'

const DAY = 86_400_000
const range = (more: Partial<DriftRange>): DriftRange => ({
  id: 'rng_1',
  cidr: '203.0.113.0/28',
  site: 'fra-1',
  state: 'active',
  isPublic: true,
  announcedAt: 0,
  activeFrom: 0,
  ...more,
})
const target = (more: Partial<DriftTarget>): DriftTarget => ({
  isPrivate: false,
  family: 4,
  sites: [],
  provedAt: 10 * DAY,
  clearAt: {},
  ...more,
})
const cidrs = (one: Partial<DriftTarget>, ...ranges: Partial<DriftRange>[]) =>
  outdatedBy(target(one), ranges.map(range)).map(({ cidr }) => cidr)

test('an allowlist that was never proved and never scanned clear from everywhere is not known to be whole', () => {
  expect(knownSince(target({ provedAt: null }))).toBeNull()
  expect(knownSince(target({ provedAt: null, sites: ['a', 'b'], clearAt: { a: 5 } }))).toBeNull()
  expect(cidrs({ provedAt: null }, { announcedAt: 50 * DAY })).toEqual([])
})

test('the latest of a green proof and of clear scans from every site counts', () => {
  expect(knownSince(target({ sites: ['a', 'b'], clearAt: { a: 12 * DAY, b: 11 * DAY } }))).toBe(11 * DAY)
  expect(knownSince(target({ sites: ['a', 'b'], clearAt: { a: 12 * DAY, b: 2 * DAY } }))).toBe(10 * DAY)
  // A target of any site: those that have scanned it.
  expect(knownSince(target({ provedAt: null, clearAt: { a: 4, b: 3 } }))).toBe(3)
  expect(knownSince(target({ provedAt: null, clearAt: { a: 4, b: null } }))).toBeNull()
})

test('a range that was announced since, or came into use since, is not in it; an older one is', () => {
  expect(cidrs({}, { announcedAt: 9 * DAY, activeFrom: 9 * DAY })).toEqual([])
  expect(cidrs({}, { announcedAt: 11 * DAY, activeFrom: 41 * DAY, state: 'announced' })).toHaveLength(1)
  // Announced before the proof, but no probe used it then.
  expect(cidrs({}, { announcedAt: 9 * DAY, activeFrom: 12 * DAY })).toHaveLength(1)
  expect(cidrs({}, { announcedAt: 11 * DAY, state: 'retiring' }, { announcedAt: 11 * DAY, state: 'retired' })).toEqual(
    [],
  )
})

test('only what may scan the target concerns it: its sites, its family, and private ranges for private targets', () => {
  const late = { announcedAt: 11 * DAY, activeFrom: 41 * DAY }
  expect(cidrs({ sites: ['nyc-1'] }, late)).toEqual([])
  expect(cidrs({ sites: ['nyc-1', 'fra-1'] }, late)).toHaveLength(1)
  expect(cidrs({}, { ...late, cidr: '2001:db8::/48' })).toEqual([])
  expect(cidrs({ family: null }, { ...late, cidr: '2001:db8::/48' })).toHaveLength(1)
  expect(cidrs({}, { ...late, cidr: '10.0.0.0/28', isPublic: false })).toEqual([])
  expect(cidrs({ isPrivate: true }, { ...late, cidr: '10.0.0.0/28', isPublic: false })).toHaveLength(1)
})

test('they are told by when they are used; a green proof clears those that were in use', () => {
  const list = outdatedBy(target({}), [
    range({ id: 'rng_2', announcedAt: 11 * DAY, activeFrom: 41 * DAY, state: 'announced' }),
    range({ id: 'rng_1', announcedAt: 11 * DAY, activeFrom: 12 * DAY }),
  ])
  expect(list.map(({ rangeId, from }) => [rangeId, from])).toEqual([
    ['rng_1', 12 * DAY],
    ['rng_2', 41 * DAY],
  ])
  const green = { at: 20 * DAY, sources: ['203.0.113.4'], addresses: ['198.51.100.9'] }
  expect(stillOutdated(list, green).map(({ rangeId }) => rangeId)).toEqual(['rng_2'])
})

test('a green proof says nothing of a range that none of its addresses lies in: it stays until a proof from there', () => {
  const ranges = [range({ announcedAt: 11 * DAY, activeFrom: 12 * DAY })]
  const list = outdatedBy(target({}), ranges)
  const elsewhere = { at: 20 * DAY, sources: ['192.0.2.1'], addresses: ['198.51.100.9'] }
  const left = stillOutdated(list, elsewhere)
  expect(left).toEqual(list)
  // The next round of the watch knows that it was left out, and forgets it when scans from every site were clear.
  expect(outdatedBy(target({ provedAt: 20 * DAY }), ranges, left)).toEqual(list)
  expect(outdatedBy(target({ provedAt: 20 * DAY, clearAt: { 'fra-1': 21 * DAY } }), ranges, left)).toEqual([])
  expect(stillOutdated(left, { ...elsewhere, sources: ['192.0.2.1', '203.0.113.4'] })).toEqual([])
  // A target without an address of that family is never scanned from it.
  const six = outdatedBy(target({ family: null }), [range({ cidr: '2001:db8::/48', announcedAt: 11 * DAY })])
  expect(stillOutdated(six, elsewhere)).toEqual([])
})
