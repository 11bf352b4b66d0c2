/** The life of a range as a function, and that what is published is a function of what is public alone. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Address, parseAddress, parseCidr } from '../../schema/address.ts'
import { spanOf } from '../../schema/cidr.ts'
import { RANGE_DEEDS, RANGE_PURPOSES, RANGE_STATES, RUN_KINDS } from '../../schema/words.ts'
import { checkAddress } from '../../worker/core/ranges/check.ts'
import { adviceOf, atomFeed, type Change, titleOf } from '../../worker/core/ranges/feeds.ts'
import { aged, announced, deedOf, moved, NOTICE_MS, type Range } from '../../worker/core/ranges/life.ts'
import { diffOf, listOf, textOfList, type Version } from '../../worker/core/ranges/list.ts'
import { reaching, sourceIs } from '../../worker/core/ranges/reaching.ts'
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

describe('a range that is to be used for more', () => {
  const wider = [
    ['webhook', 'scan'],
    ['webhook', 'recheck'],
    ['recheck', 'scan'],
  ] as const
  const announcedAt = NOW - 2 * NOTICE_MS
  const used = { announcedAt, activeFrom: NOW - NOTICE_MS }

  test.each(wider)('from %s to %s wants a notice like a new one, wherever it is in its life', (purpose, to) => {
    for (const state of ['active', 'retiring'] as const) {
      const before = range({ ...used, purpose, state, retireAfter: state === 'retiring' ? NOW + 1 : null })
      const changed = moved(before, { purpose: to }, NOW)
      expect(changed).toMatchObject({ objection: { field: 'purpose' } })
      expect(JSON.stringify(changed)).toContain('skipNotice')
    }
    const soon = range({ purpose, state: 'announced', announcedAt, activeFrom: NOW + 1_000 })
    expect(moved(soon, { purpose: to }, NOW)).toMatchObject({ objection: { field: 'activeFrom' } })
    expect(moved(soon, { purpose: to, state: 'active' }, NOW + 1_000)).toMatchObject({ objection: {} })
    const later = moved(soon, { purpose: to, activeFrom: NOW + NOTICE_MS }, NOW)
    expect(later).toMatchObject({
      range: { purpose: to, state: 'announced', announcedAt: NOW, activeFrom: NOW + NOTICE_MS },
    })
  })

  test.each(wider)(
    'from %s to %s may be so at once where the notice is skipped, and is new to allowlists',
    (purpose, to) => {
      const changed = moved(range({ ...used, purpose }), { purpose: to, skipNotice: true }, NOW)
      expect(changed).toMatchObject({ range: { purpose: to, state: 'active', announcedAt: NOW, activeFrom: NOW } })
      const withdrawn = moved(range({ ...used, purpose }), { purpose: to, state: 'retiring', skipNotice: true }, NOW)
      expect(withdrawn).toMatchObject({ range: { state: 'retiring', announcedAt: NOW } })
    },
  )

  test('needs none where nobody is told, where it is used for less, and where it begins anew all the same', () => {
    expect(moved(range({ ...used, purpose: 'webhook', isPublic: 0 }), { purpose: 'scan' }, NOW)).toMatchObject({
      range: { purpose: 'scan', announcedAt: NOW },
    })
    for (const [to, purpose] of wider)
      expect(moved(range({ ...used, purpose }), { purpose: to }, NOW)).toMatchObject({
        range: { purpose: to, ...used },
      })
    const retired = range({ ...used, purpose: 'webhook', state: 'retired', retireAfter: NOW - 1 })
    expect(moved(retired, { purpose: 'scan', state: 'announced' }, NOW)).toMatchObject({
      range: { purpose: 'scan', state: 'announced', activeFrom: NOW + NOTICE_MS },
    })
  })

  test('is told of in words of its own', () => {
    const told = (before: Partial<Range>, after: Partial<Range>) => {
      const [from, to] = [range({ ...used, ...before }), range({ ...used, ...after })]
      const deed = deedOf(from, to)
      if (!deed) throw new Error('nothing changed')
      const change: Change = { serial: 1, at: NOW, deed, range: to }
      return [deed, `${titleOf(change)}. ${adviceOf(change)}`]
    }
    expect(told({ purpose: 'webhook' }, { purpose: 'scan' })).toEqual([
      'repurposed',
      '9.9.9.0/24 at fra-1: now for scans. It must be on your allowlist: scans come from it.',
    ])
    const activeFrom = NOW + NOTICE_MS
    expect(
      told({ purpose: 'webhook', state: 'announced' }, { purpose: 'scan', state: 'announced', activeFrom }),
    ).toEqual([
      'repurposed',
      '9.9.9.0/24 at fra-1: now for scans, used from 2026-12-28. It must be on your allowlist before that day: scans come from it then.',
    ])
    expect(told({}, { purpose: 'webhook' })[1]).toBe(
      '9.9.9.0/24 at fra-1: now for our notices alone. Nothing scans from it any more: it may leave your allowlist.',
    )
    expect(told({}, { purpose: 'recheck' })[1]).toContain('It must be on your allowlist: second looks come from it.')
    expect(told({}, { site: 'nyc-1' })[1]).toContain('nothing is to be done')
  })

  test('and one for notices alone is never said to be for an allowlist', () => {
    for (const deed of RANGE_DEEDS)
      expect(adviceOf({ serial: 1, at: NOW, deed, range: range({ purpose: 'webhook' }) })).not.toMatch(
        /Let it through|Scans come|must be on|Keep it/,
      )
  })
})

describe('the ranges that one target can meet', () => {
  const of = (text: string) => parseAddress(text) as Address
  const [open, inner] = [range(), range({ cidr: '10.1.2.0/24', isPublic: 0 })]
  const met = (targets: string[], sources: string[], ranges = [open, inner]) =>
    reaching(ranges, { targets: targets.map(of), sources: sources.map(of) }).map(({ cidr }) => cidr)

  test.each([
    ['a public one, the published', ['8.8.4.4'], ['10.1.2.3'], ['9.9.9.0/24']],
    ['a private one, the private', ['192.168.0.1'], ['10.1.2.3'], ['10.1.2.0/24']],
    [
      'a private one that was reached from outside, both',
      ['192.168.0.1'],
      ['10.1.2.3', '9.9.9.9'],
      ['9.9.9.0/24', '10.1.2.0/24'],
    ],
    ['one with both kinds of addresses, both', ['8.8.4.4', 'fd00::1'], ['10.1.2.3'], ['9.9.9.0/24', '10.1.2.0/24']],
    ['one of which no address is known, the published', [], [], ['9.9.9.0/24']],
  ])('%s', (_, targets, sources, wanted) => expect(met(targets, sources)).toEqual(wanted))

  test('are those that are alive and touch targets', () => {
    const ranges = RANGE_STATES.flatMap((state) => RANGE_PURPOSES.map((purpose) => range({ state, purpose })))
    expect(reaching(ranges, { targets: [of('8.8.4.4')], sources: [] })).toEqual(
      ranges.filter(({ state, purpose }) => state !== 'retired' && purpose !== 'webhook'),
    )
  })

  test.each([
    ['9.9.9.9', '8.8.4.4', open, 'ours'],
    ['9.9.9.9', '8.8.4.4', range({ state: 'retired' }), 'gone'],
    ['9.9.9.9', '8.8.4.4', range({ purpose: 'webhook' }), 'gone'],
    ['9.9.1.1', '8.8.4.4', open, 'gone'],
    ['10.9.9.9', '192.168.0.1', open, 'ours'],
    ['10.1.2.3', '8.8.4.4', inner, 'inner'],
  ] as const)('%s, which scanned %s, is in %o: %s', (source, target, held, wanted) =>
    expect(sourceIs(of(source), [held], [of(target)])).toBe(wanted),
  )
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
