import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Address, parseAddress } from '../../schema/address.ts'
import {
  afterLook,
  chooseLookers,
  isInside,
  isProvedNow,
  judgeViews,
  type Looker,
  namesInside,
  nextLookAt,
  PROOF_MS,
  reverseName,
  standingOf,
  type View,
  worstOf,
} from '../../worker/core/control.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 28)
const at = (text: string): Address => parseAddress(text) ?? expect.fail(`${text} did not parse`)
const PUBLIC = at('45.33.1.7')
const TOKEN = 'portwitness-verification=0123'

test('the reverse name of an address is spelled as name servers have it', () => {
  expect(reverseName(at('192.0.2.5'))).toBe('5.2.0.192.in-addr.arpa')
  // RFC 3596 2.5
  expect(reverseName(at('4321:0:1:2:3:4:567:89ab'))).toBe(
    'b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa',
  )
  expect(reverseName(at('::1'))).toMatch(/^1\.(0\.){31}ip6\.arpa$/)
})

test('a name lies in a domain by whole labels', () => {
  expect(isInside('a.own.example', 'own.example')).toBe(true)
  expect(isInside('own.example', 'own.example')).toBe(true)
  expect(isInside('notown.example', 'own.example')).toBe(false)
  expect(isInside('own.example.evil', 'own.example')).toBe(false)
})

describe('how control stands', () => {
  const proof = { method: 'http', provedAt: NOW - DAY, expiresAt: NOW + 29 * DAY, problem: null } as const
  const trouble = { code: 'bad_status', detail: '' } as const

  test.each([
    ['a public address without anything', PUBLIC, null, null, 'unproved'],
    ['a private one', at('10.0.0.1'), null, null, 'not_needed'],
    ['a proof', PUBLIC, proof, null, 'proved'],
    ['a proof of which the last look was in vain', PUBLIC, { ...proof, problem: trouble }, null, 'failing'],
    ['a proof that has ended', PUBLIC, { ...proof, expiresAt: NOW }, null, 'lapsed'],
    ['a letter', PUBLIC, null, { signedAt: NOW - DAY, expiresAt: NOW + DAY }, 'proved'],
    [
      'a letter beside a lapsed proof',
      PUBLIC,
      { ...proof, expiresAt: NOW },
      { signedAt: 0, expiresAt: NOW + 1 },
      'proved',
    ],
  ] as const)('%s', (_, address, row, letter, state) => expect(standingOf(address, row, letter, NOW).state).toBe(state))

  test('of a proof and a letter the one that holds longer speaks', () => {
    const letter = { signedAt: 0, expiresAt: NOW + 60 * DAY }
    expect(standingOf(PUBLIC, proof, letter, NOW).method).toBe('letter')
    expect(standingOf(PUBLIC, proof, { ...letter, expiresAt: NOW + DAY }, NOW).method).toBe('http')
  })

  test('several addresses stand as the worst of them', () => {
    const all = (['proved', 'lapsed', 'failing', 'not_needed'] as const).map((state) => ({ state }))
    expect(worstOf(all)?.state).toBe('lapsed')
    expect(worstOf([...all, { state: 'unproved' as const }])?.state).toBe('unproved')
    expect(worstOf([])).toBeNull()
  })
})

test('a look never shortens a proof, never lengthens it in vain, and cron never looks after its end', () => {
  const when = fc.integer({ min: NOW - 60 * DAY, max: NOW + 60 * DAY })
  fc.assert(
    fc.property(fc.option(when), fc.boolean(), (provedAt, isGood) => {
      const before = { provedAt, expiresAt: provedAt === null ? null : provedAt + PROOF_MS }
      const after = afterLook(before, isGood ? null : { code: 'bad_status', detail: '' }, NOW)
      expect(after.expiresAt).toBe(isGood ? NOW + PROOF_MS : before.expiresAt)
      expect(after.nextAt).toBe(nextLookAt(after, NOW))
      if (after.nextAt === null) expect(isProvedNow(after, NOW)).toBe(false)
      else {
        expect(after.nextAt).toBeGreaterThan(NOW)
        expect(after.nextAt).toBeLessThanOrEqual(after.expiresAt ?? 0)
      }
    }),
  )
})

test('what speaks for another holder ends a proof in a day, and is looked at once more before; the rest keeps its week', () => {
  const before = { provedAt: NOW - 23 * DAY, expiresAt: NOW + 7 * DAY }
  for (const code of ['wrong_content', 'ptr_outside'] as const) {
    const first = afterLook(before, { code, detail: '' }, NOW)
    expect(first).toMatchObject({ expiresAt: NOW + DAY, nextAt: NOW + DAY / 2 })
    // Seen again it is not put off.
    const again = afterLook(first, { code, detail: '' }, NOW + DAY / 2)
    expect(again).toMatchObject({ expiresAt: NOW + DAY, nextAt: NOW + DAY })
    expect(afterLook(first, null, NOW + DAY / 2).expiresAt).toBe(NOW + DAY / 2 + PROOF_MS)
  }
  for (const code of ['bad_status', 'not_reached', 'one_view', 'txt_missing', 'ptr_missing'] as const)
    expect(afterLook(before, { code, detail: '' }, NOW)).toMatchObject({
      expiresAt: before.expiresAt,
      nextAt: NOW + DAY,
    })
  // What was never proved is not, and has no end.
  expect(
    afterLook({ provedAt: null, expiresAt: null }, { code: 'wrong_content', detail: '' }, NOW).expiresAt,
  ).toBeNull()
})

describe('what probes brought home', () => {
  const view = (fetched: Partial<NonNullable<View['fetched']>> | null, failure: string | null = null): View => ({
    sourceAddress: '198.51.100.7',
    site: 'x',
    fetched: fetched && { address: PUBLIC.text, port: 80, afterMs: 9, ...fetched },
    failure,
  })
  const read = (text: string, site = 'x') => ({ ...view({ status: 200, body: btoa(text) }), site })

  test.each([
    ['the token at two sites', [read(TOKEN), read(TOKEN, 'y')], null],
    ['the token among other lines', [read(`a\r\n\t${TOKEN} \nb`), read(`${TOKEN}\n`, 'y')], null],
    [
      'the token at two sites, and nothing for the third',
      [read(TOKEN), view({ code: 'ETIMEDOUT' }), read(TOKEN, 'y')],
      null,
    ],
    [
      'the token at two sites, and a block page for the third',
      [read(TOKEN), read(TOKEN, 'y'), view({ status: 403 })],
      null,
    ],
    [
      'the token at two sites, and another file for the third',
      [read(TOKEN), read(TOKEN, 'y'), read('x')],
      'views_differ',
    ],
    ['the token, and nobody else there', [read(TOKEN)], 'one_view'],
    ['the token, twice at one site', [read(TOKEN), read(TOKEN)], 'one_view'],
    ['the token, and nothing for the other', [read(TOKEN), view({ code: 'ETIMEDOUT' })], 'one_view'],
    ['the token, and a block page for the other', [read(TOKEN), view({ status: 403 })], 'one_view'],
    ['the token, and no word of the other', [read(TOKEN), view(null)], 'one_view'],
    ['the token, and another file for the other', [read(TOKEN), read('x')], 'views_differ'],
    ['the token, and none for the other', [read(TOKEN), view({ status: 404 })], 'views_differ'],
    ['half of it', [read(TOKEN.slice(0, -1))], 'wrong_content'],
    ['it within a line', [read(`x${TOKEN}`)], 'wrong_content'],
    ['it in the answer to an error', [view({ status: 500, body: btoa(TOKEN) })], 'bad_status'],
    ['no body', [view({ status: 200 })], 'wrong_content'],
    ['a redirect', [view({ status: 308 })], 'redirected'],
    ['silence', [view({ code: 'TIMEOUT' })], 'not_reached'],
    ['a refusal of the probe', [view(null, 'it is special')], 'refused_by_probe'],
    ['no word', [view(null)], 'no_report'],
    ['nobody', [], 'no_probe'],
  ] as const)('%s', (_, views, code) => expect(judgeViews(views, TOKEN)?.code ?? null).toBe(code))

  test('why one view is not enough is said', () => {
    const said = (views: View[]) => judgeViews(views, TOKEN)?.detail
    expect(said([read(TOKEN)])).toBe(
      '198.51.100.7 read the token, and two sites must. No probe of another site was there to look.',
    )
    expect(said([read(TOKEN), { ...view({ status: 403 }), sourceAddress: '198.51.100.8' }])).toContain(
      '198.51.100.8 was turned away with status 403.',
    )
    expect(said([read(TOKEN), view({ code: 'ETIMEDOUT' })])).toContain('reached nothing (the connection timed out)')
    const silence = (code: string) => said([view({ code }), view({ code })])
    expect(silence('ECONNREFUSED')).toContain('(the connection was refused)')
    expect(silence('EINVAL')).toContain('(our machine cannot send to this address)')
    expect(silence('ENEW')).toContain('(ENEW)')
  })

  test('no bytes make it throw, and no other text is the token', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_024 }), (bytes) => {
        const body = btoa(String.fromCharCode(...bytes))
        const one = view({ status: 200, body })
        expect(judgeViews([one, { ...one, site: 'y' }], TOKEN)?.code).toBe('wrong_content')
      }),
    )
  })
})

describe('names', () => {
  const facts = (txt: string[], ptr: string[]) => namesInside(PUBLIC, 'own.example', TOKEN, { txt, ptr })

  test('that lie in the domain are to be confirmed, and no more than a few', () => {
    expect(facts([TOKEN], ['A.Own.Example.', 'b.other.example.'])).toEqual({ names: ['a.own.example'] })
    const many = Array.from({ length: 60 }, (_, i) => `h${i}.own.example`)
    expect(facts([TOKEN], many)).toMatchObject({ names: { length: 4 } })
  })

  test.each([
    [[], ['a.own.example'], 'txt_missing'],
    [['something else'], ['a.own.example'], 'txt_missing'],
    [[TOKEN], [], 'ptr_missing'],
    [[TOKEN], ['127.0.0.1.', 'not a name', ''], 'ptr_missing'],
    [[TOKEN], ['a.notown.example'], 'ptr_outside'],
  ] as const)('%j and %j: %s', (txt, ptr, code) =>
    expect(facts([...txt], [...ptr])).toMatchObject({ trouble: { code } }),
  )
})

describe('who looks', () => {
  const probe = (probeId: string, site: string, more: Partial<Looker> = {}): Looker => ({
    ...{ probeId, site, sourceAddress: '198.51.100.7', allowPrivate: false, online: true, fit: true },
    standing: { looks: true },
    ...more,
  })
  const ids = (probes: Looker[], needsPrivate = false, family: 4 | 6 = 4) =>
    chooseLookers(probes, { family, needsPrivate }).map(({ probeId }) => probeId)

  test('one of each site, three at most, fit ones first', () => {
    expect(ids([probe('a', 'x', { fit: false }), probe('b', 'x'), probe('c', 'x'), probe('d', 'y')])).toEqual([
      'b',
      'd',
    ])
    expect(ids(['w', 'x', 'y', 'z'].map((site) => probe(site, site)))).toEqual(['w', 'x', 'y'])
    expect(ids([probe('a', 'x'), probe('b', 'x')])).toEqual(['a'])
  })

  test('none that is away, of the other family, out of its range, or not let to private addresses', () => {
    expect(ids([probe('a', 'x', { online: false })])).toEqual([])
    expect(ids([probe('a', 'x', { standing: { looks: false } })])).toEqual([])
    expect(ids([probe('a', 'x')], false, 6)).toEqual([])
    expect(ids([probe('a', 'x')], true)).toEqual([])
    expect(ids([probe('a', 'x', { allowPrivate: true })], true)).toEqual(['a'])
  })
})
