/** The life of a range as a function, and that what is published is a function of what is public alone. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAddress, parseCidr } from '../../schema/address.ts'
import { spanOf } from '../../schema/cidr.ts'
import { RANGE_PURPOSES, RANGE_STATES, RUN_KINDS } from '../../schema/words.ts'
import { checkAddress } from '../../worker/core/ranges/check.ts'
import { atomFeed, type Change, titleOf } from '../../worker/core/ranges/feeds.ts'
import { aged, announced, deedOf, moved, NOTICE_MS, type Range } from '../../worker/core/ranges/life.ts'
import { diffOf, listOf, textOfList, type Version } from '../../worker/core/ranges/list.ts'
import { mayRun, standingOf } from '../../worker/core/ranges/standing.ts'
import { awsLike, geofeed, googleLike, mispWarninglist, plainText } from '../../worker/core/ranges/twins.ts'
import { contactUri } from '../../worker/core/ranges/well-known.ts'

const NOW = Date.UTC(2026, 10, 28)
const range = (more: Partial<Range> = {}): Range => {
  const cidr = parseCidr(more.cidr ?? '9.9.9.0/24')
  if (!cidr) throw new Error('no network')
  return {
    id: 'rng_0123456789abcdefghij',
    cidr: cidr.text,
    site: 'fra-1',
    country: 'DE',
    provider: null,
    purpose: 'scan',
    state: 'active',
    isPublic: 1,
    announcedAt: NOW - NOTICE_MS,
    activeFrom: NOW,
    retireAfter: null,
    ...spanOf(cidr),
    ...more,
  }
}
const lives = fc.record({
  low: fc.integer({ min: 0, max: 255 }),
  state: fc.constantFrom(...RANGE_STATES),
  isPublic: fc.constantFrom(0, 1),
  purpose: fc.constantFrom(...RANGE_PURPOSES),
  country: fc.constantFrom('DE', null),
})
const books = fc
  .uniqueArray(lives, { selector: ({ low }) => low, maxLength: 20 })
  .map((list) =>
    list.map(({ low, ...more }) => range({ cidr: `9.9.9.${low}/32`, id: `rng_${low}`, retireAfter: NOW, ...more })),
  )
const version = (ranges: readonly Range[]): Version => ({ serial: 7, previousSerial: 6, changedAt: NOW, ranges })

test('every form of the list names each range that is public and not retired, and no other', () => {
  fc.assert(
    fc.property(books, (ranges) => {
      const list = listOf(version(ranges))
      const wanted = ranges
        .filter((one) => one.isPublic === 1 && one.state !== 'retired')
        .map(({ cidr }) => cidr)
        .sort()
      const texts = [textOfList(list), plainText(list), awsLike(list), googleLike(list), mispWarninglist(list)]
      for (const text of texts) expect((text.match(/9\.9\.9\.\d+\/32/g) ?? []).sort()).toEqual(wanted)
      const placed = geofeed(list).match(/^9\.9\.9\.\d+\/32/gm) ?? []
      expect(placed.length).toBe(list.prefixes.filter(({ country }) => country !== null).length)
      for (const one of ranges) {
        const answer = checkAddress(ranges, parseAddress(one.cidr.replace('/32', '')) as never)
        expect(answer.ours).toBe(wanted.includes(one.cidr))
        if (one.isPublic === 0) expect(answer.detail).not.toContain(one.cidr)
      }
    }),
  )
})

test('a list with a difference applied is the other list, whatever the two are', () => {
  fc.assert(
    fc.property(books, books, (a, b) => {
      const [before, after] = [listOf(version(a)), listOf(version(b))]
      const { added, removed, changed } = diffOf(before, after)
      const gone = new Set([...removed, ...changed.map((one) => one.before)].map(({ prefix }) => prefix))
      const made = [
        ...before.prefixes.filter(({ prefix }) => !gone.has(prefix)),
        ...added,
        ...changed.map((one) => one.after),
      ]
      const sorted = (list: typeof made) => list.map((one) => JSON.stringify(one)).sort()
      expect(sorted(made)).toEqual(sorted(after.prefixes))
    }),
  )
})

test('no chain of changes takes a public range into use without its notice, but where that is skipped', () => {
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 40 * 24 }),
    to: fc.constantFrom(...RANGE_STATES),
    day: fc.option(fc.integer({ min: -5, max: 90 })),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const first = announced({ ...range(), isPublic: true, activeFrom: null, skipNotice: false }, NOW)
      let now = NOW
      let current = 'range' in first ? first.range : range()
      for (const { wait, to, day } of steps) {
        now += wait * 3_600_000
        const before = aged(current, now) ?? current
        const change = moved(
          before,
          { state: to, ...(to === 'announced' && day !== null ? { activeFrom: now + day * 86_400_000 } : {}) },
          now,
        )
        const after = 'range' in change ? change.range : before
        if (after.state === 'active' && before.state === 'announced')
          expect(now - after.announcedAt).toBeGreaterThanOrEqual(NOTICE_MS)
        if (after.state === 'active' && before.state === 'retired') throw new Error('came back without a word')
        expect(deedOf(before, after) === null).toBe(JSON.stringify(before) === JSON.stringify(after))
        current = after
      }
    }),
    { numRuns: 500 },
  )
})

test('a range whose last day is over comes back with a new notice alone, whether or not that was noted yet', () => {
  const over = range({ state: 'retiring', retireAfter: NOW })
  expect(moved(over, { state: 'active' }, NOW)).toMatchObject({ objection: { field: 'state' } })
  expect(moved(over, { state: 'announced' }, NOW)).toMatchObject({
    range: { state: 'announced', activeFrom: NOW + NOTICE_MS },
  })
  expect(moved(over, { state: 'active' }, NOW - 1)).toMatchObject({ range: { state: 'active', retireAfter: null } })
})

describe('from where a probe may touch', () => {
  test.each([
    ['announced', 'scan', null, false, false],
    ['active', 'scan', null, true, true],
    ['active', 'recheck', null, false, true],
    ['active', 'webhook', null, false, false],
    ['retiring', 'scan', NOW + 1, true, true],
    ['retiring', 'scan', NOW, false, false],
    ['retired', 'scan', NOW - 1, false, false],
  ] as const)('%s, for %s, until %s: scans %s, looks %s', (state, purpose, retireAfter, scans, looks) => {
    const standing = standingOf('9.9.9.9', range({ state, purpose, retireAfter }), NOW)
    expect(standing).toMatchObject({ scans, looks })
    for (const kind of RUN_KINDS)
      expect(mayRun(standing, kind)).toBe(kind === 'scan' || kind === 'prove' ? scans : looks)
    expect(standing.detail).toMatch(/^9\.9\.9\.9 lies in 9\.9\.9\.0\/24, which .*\.$/)
  })

  test('in no range at all: nothing', () => {
    expect(standingOf('9.9.9.9', null, NOW)).toMatchObject({ state: 'none', scans: false, looks: false, range: null })
  })
})

test('a name of a site or a provider breaks out of no feed', () => {
  const change: Change = { serial: 1, at: NOW, deed: 'active', range: range({ site: ']]></title><x a="1">&' }) }
  const atom = atomFeed([change], 'https://scan.example')
  expect(atom).not.toContain('<x')
  expect(atom).toContain('9.9.9.0/24 at ]]&gt;&lt;/title&gt;&lt;x a=&quot;1&quot;&gt;&amp;: active')
  expect(titleOf(change)).toContain(change.range.site)
})

test.each([
  ['mailto:a@b.example', 'mailto:a@b.example'],
  [' a@b.example ', 'mailto:a@b.example'],
  ['https://b.example/abuse', 'https://b.example/abuse'],
  ['http://b.example', null],
  ['mailto:a@b.example\nExpires: never', null],
  ['javascript:alert(1)', null],
  [undefined, null],
])('the contact %j is %j', (text, uri) => expect(contactUri(text)).toBe(uri))
