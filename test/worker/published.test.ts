/** What anybody may fetch of our ranges: the list and its company, its versions, its signature, and who we are. */
import fc from 'fast-check'
import * as v from 'valibot'
import { beforeAll, describe, expect, test } from 'vitest'
import { isPublic } from '../../schema/address.ts'
import { placeOf, readCidr } from '../../schema/cidr.ts'
import type { EventOf } from '../../schema/events.ts'
import { type RangeAnswer, RangeDiff, RangeList } from '../../schema/ranges.ts'
import { geofeedFaults, probingTxtFaults, securityTxtFaults } from '../support/rfc-texts.ts'
import { addWebhook } from './support/channels.ts'
import { openStage, type Stage } from './support/stage.ts'

const DAY = 24 * 3_600_000
/** The key of RFC 8410, section 10.3. */
const KEY_PEM = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
`
const BASE = 'https://scan.example'
let stage: Stage

beforeAll(async () => {
  stage = await openStage({ PUBLIC_URL: BASE, ALLOW_LOCAL_RECEIVERS: '1' })
})

const text = async (path: string) => (await stage.fetch(path)).text()
const json = async <T = Record<string, unknown>>(path: string) => JSON.parse(await text(path)) as T
const announce = async (body: object) => (await stage.api<RangeAnswer>('POST', '/ranges', body)).body
const move = async (id: string, body: object) => (await stage.api<RangeAnswer>('PATCH', `/ranges/${id}`, body)).body

test('before the first range everything is there, and empty', async () => {
  expect(await json('/ip-ranges.json')).toMatchObject({
    serial: 0,
    previousSerial: null,
    changedAt: null,
    prefixes: [],
  })
  expect(await text('/ip-ranges.txt')).toBe('')
  for (const path of [
    '/ip-ranges.aws.json',
    '/ip-ranges.google.json',
    '/ip-ranges.misp.json',
    '/ip-ranges.atom',
    '/geofeed.csv',
    '/ip-ranges/versions/0.json',
  ])
    expect((await stage.fetch(path)).status, path).toBe(200)
  expect((await stage.fetch('/ip-ranges.json')).headers.get('last-modified')).toBeNull()
})

describe('the list', () => {
  let retiring: RangeAnswer
  beforeAll(async () => {
    retiring = await announce({
      cidr: '9.9.9.0/24',
      site: 'fra-1',
      country: 'DE',
      provider: 'Main & <Hosting>',
      skipNotice: true,
    })
    stage.pass(1_000)
    await announce({ cidr: '2a01:4f8:1::/48', site: 'fra-1', country: 'DE' })
    await announce({ cidr: '10.0.0.0/8', site: 'lab', country: 'DE' })
    stage.pass(DAY)
    await announce({ cidr: '9.9.0.0/28', site: 'nyc-1' })
    await move(retiring.id, { state: 'retiring' })
  })

  test('has the shape that it says it has, in the order of addresses', async () => {
    const list = v.parse(RangeList, await json('/ip-ranges.json'))
    expect(list.prefixes.map(({ prefix, status }) => [prefix, status])).toEqual([
      ['9.9.0.0/28', 'announced'],
      ['9.9.9.0/24', 'retiring'],
      ['2a01:4f8:1::/48', 'announced'],
    ])
    expect(list).toMatchObject({ serial: 5, previousSerial: 4, version: '2026-11-23.5' })
    const schema = await json<{ properties: object; required: string[] }>('/ip-ranges.schema.json')
    expect(Object.keys(schema.properties)).toEqual(Object.keys(list))
    expect(schema.required).toEqual(Object.keys(list))
  })

  test('comes in the layouts of others', async () => {
    expect(await text('/ips-v4')).toBe('9.9.0.0/28\n9.9.9.0/24\n')
    expect(await text('/ips-v6')).toBe('2a01:4f8:1::/48\n')
    expect(await text('/ip-ranges.txt')).toBe('9.9.0.0/28\n9.9.9.0/24\n2a01:4f8:1::/48\n')
    expect(await json('/ip-ranges.aws.json')).toEqual({
      syncToken: String(Math.floor(stage.now() / 1_000)),
      createDate: '2026-11-23-12-00-01',
      prefixes: [
        { ip_prefix: '9.9.0.0/28', region: 'nyc-1', service: 'SCAN', network_border_group: 'nyc-1' },
        { ip_prefix: '9.9.9.0/24', region: 'fra-1', service: 'SCAN', network_border_group: 'fra-1' },
      ],
      ipv6_prefixes: [
        { ipv6_prefix: '2a01:4f8:1::/48', region: 'fra-1', service: 'SCAN', network_border_group: 'fra-1' },
      ],
    })
    expect(await json('/ip-ranges.google.json')).toMatchObject({
      creationTime: '2026-11-23T12:00:01.000000',
      prefixes: [{ ipv4Prefix: '9.9.0.0/28' }, { ipv4Prefix: '9.9.9.0/24' }, { ipv6Prefix: '2a01:4f8:1::/48' }],
    })
    expect(await json('/ip-ranges.misp.json')).toMatchObject({
      type: 'cidr',
      version: 20261123,
      list: ['9.9.0.0/28', '9.9.9.0/24', '2a01:4f8:1::/48'],
    })
    expect(await text('/geofeed.csv')).toContain('9.9.9.0/24,DE,,,\n2a01:4f8:1::/48,DE,,,\n')
    expect(geofeedFaults(await text('/geofeed.csv'))).toEqual([])
  })

  test.each(['/ip-ranges.json', '/ip-ranges.txt', '/ips-v4', '/geofeed.csv', '/ip-ranges.aws.json', '/ip-ranges.atom'])(
    '%s costs nothing while it is the same',
    async (path) => {
      const first = await stage.fetch(path)
      const body = await first.text()
      const [etag, modified] = [first.headers.get('etag') ?? '', first.headers.get('last-modified') ?? '']
      expect(etag).toMatch(/^"[0-9a-f]{32}"$/)
      expect(Date.parse(modified)).toBe(stage.now())
      // The signed list must never be older than its signature, nor younger.
      const kept = path === '/ip-ranges.json' ? 'public, no-cache' : 'public, max-age=3600'
      expect(first.headers.get('cache-control')).toBe(kept)
      const ask = async (headers: Record<string, string>) => {
        const answer = await stage.fetch(path, { headers })
        return [answer.status, (await answer.text()).length]
      }
      expect(await ask({ 'if-none-match': etag })).toEqual([304, 0])
      expect(await ask({ 'if-none-match': `"x", W/${etag}` })).toEqual([304, 0])
      expect(await ask({ 'if-none-match': '"x"', 'if-modified-since': modified })).toEqual([
        200,
        new TextEncoder().encode(body).length,
      ])
      expect(await ask({ 'if-modified-since': modified })).toEqual([304, 0])
      expect((await ask({ 'if-modified-since': new Date(stage.now() - DAY).toUTCString() }))[0]).toBe(200)
      expect((await stage.fetch(path, { method: 'HEAD' })).headers.get('etag')).toBe(etag)
    },
  )

  test('of each version can be made again from the log, byte for byte, for ever', async () => {
    const now = await stage.fetch('/ip-ranges.json')
    const same = await stage.fetch('/ip-ranges/versions/5.json')
    expect(await same.text()).toBe(await now.text())
    expect(same.headers.get('etag')).toBe(now.headers.get('etag'))
    expect(same.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    const first = await json<RangeList>('/ip-ranges/versions/1.json')
    expect(first.prefixes).toMatchObject([{ prefix: '9.9.9.0/24', status: 'active', retireAfter: null }])
    // 3 was the private range: nothing that anybody could see has that number.
    expect((await stage.fetch('/ip-ranges/versions/3.json')).status).toBe(404)
    expect((await json<RangeList>('/ip-ranges/versions/4.json')).previousSerial).toBe(2)
    for (const path of ['6.json', '999999999.json', '1.txt', 'x', '-1.json', '1e0.json'])
      expect((await stage.fetch(`/ip-ranges/versions/${path}`)).status, path).toBe(404)
    const { versions } = await json<{ versions: { serial: number; href: string }[] }>('/ip-ranges/versions')
    expect(versions.map(({ serial }) => serial)).toEqual([5, 4, 2, 1])
    for (const { href } of versions) v.parse(RangeList, await json(href))
  })

  test('tells what changed between two of its versions', async () => {
    const diff = v.parse(RangeDiff, await json('/ip-ranges/diff?from=1&to=5'))
    expect(diff.added.map(({ prefix }) => prefix)).toEqual(['9.9.0.0/28', '2a01:4f8:1::/48'])
    expect(diff.removed).toEqual([])
    expect(diff.changed).toMatchObject([{ before: { status: 'active' }, after: { status: 'retiring' } }])
    expect((await json<RangeDiff>('/ip-ranges/diff?from=5&to=1')).removed.length).toBe(2)
    expect((await json<RangeDiff>('/ip-ranges/diff?from=0')).added.length).toBe(3)
    for (const [query, status] of [
      ['', 422],
      ['from=x', 422],
      ['from=3', 404],
      ['from=1&to=77', 404],
    ] as const)
      expect((await stage.fetch(`/ip-ranges/diff?${query}`)).status, query).toBe(status)
  })

  test('answers for one address, and tells nothing of private ones', async () => {
    const check = (address: string) =>
      json<{ ours: boolean; detail: string }>(`/ip-ranges/check?address=${encodeURIComponent(address)}`)
    expect(await check('9.9.9.77')).toMatchObject({ ours: true, range: { prefix: '9.9.9.0/24' } })
    expect((await check('9.9.0.3')).detail).toContain('It will be')
    expect(await check('2A01:4F8:1::5')).toMatchObject({ address: '2a01:4f8:1::5', ours: true })
    expect(await check('9.9.1.1')).toMatchObject({ ours: false, range: null })
    expect(await check('10.0.0.1')).toMatchObject({ ours: false, range: null })
    expect((await check('10.0.0.1')).detail).toBe(
      (await check('192.168.0.1')).detail.replace('192.168.0.1', '10.0.0.1'),
    )
    for (const bad of ['', '9.9.9', '9.9.9.0/24', 'fe80::1%eth0', '<script>']) {
      const answer = await stage.fetch(`/ip-ranges/check?address=${encodeURIComponent(bad)}`)
      expect([bad, answer.status]).toEqual([bad, 422])
    }
  })

  test('comes as feeds of its changes, in which no name can break out', async () => {
    const atom = await text('/ip-ranges.atom')
    expect(atom.match(/<entry>/g)?.length).toBe(4)
    expect(atom).toContain(`<id>${BASE}/ip-ranges/versions/5.json</id>`)
    expect(atom).not.toContain('10.0.0.0')
    const feed = await json<{ version: string; items: { title: string }[] }>('/ip-ranges.feed.json')
    expect(feed.version).toBe('https://jsonfeed.org/version/1.1')
    expect(feed.items[0]?.title).toContain('9.9.9.0/24 at fra-1: retiring, not used after 2026-12-23')
  })

  test('that changed is told to every tenant, with what it must hash to', async () => {
    const { body: other } = await stage.api<{ key: string }>('POST', '/tenants', { name: 'Other' })
    await stage.api('POST', '/tenants', { name: 'without a channel' })
    await addWebhook(stage, 'ranges')
    await addWebhook(stage, 'ranges-of-another', {}, other.key)
    await announce({ cidr: '9.9.1.0/28', site: 'nyc-1' })
    const { results } = await stage.env.DB.prepare(
      "SELECT body FROM outbox WHERE name = 'ip_ranges.changed' AND body ->> '$.data.serial' = 6",
    ).all<{ body: string }>()
    expect(results.length).toBe(2)
    const { data } = JSON.parse(results[0]?.body ?? '') as EventOf<'ip_ranges.changed'>
    expect(data).toMatchObject({ previousSerial: 5, serial: 6 })
    const bytes = await (await stage.fetch(data.links.version)).arrayBuffer()
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    expect([...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')).toBe(data.sha256)
    expect(data.added).toMatchObject([{ cidr: '9.9.1.0/28', site: 'nyc-1', state: 'announced' }])
    expect(data.text).toBe(
      '9.9.1.0/28 at nyc-1: announced, used from 2026-12-23. Let it through before that day, or scans from it will be blocked.',
    )
    expect((await json<RangeDiff>(data.links.changes ?? '')).added.length).toBe(1)
  })
})

describe('the signature', () => {
  test('is missing where there is no key, and that is said', async () => {
    expect((await stage.fetch('/ip-ranges.json')).headers.get('x-ip-ranges-signature')).toBe('none')
    const answer = await stage.fetch('/ip-ranges.json.sig')
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('no RANGE_SIGNING_KEY')])
    expect(await json('/ip-ranges.keys.json')).toEqual({ keys: [] })
    expect((await stage.fetch('/ip-ranges.pem')).status).toBe(404)
  })

  test.each(['PEM', 'JWK', 'base64'])(
    'fits the bytes of the list and of each version, with a key given as %s',
    async (form) => {
      stage.env.RANGE_SIGNING_KEY =
        form === 'PEM'
          ? KEY_PEM
          : form === 'base64'
            ? KEY_PEM.split('\n')[1]
            : JSON.stringify({
                kty: 'OKP',
                crv: 'Ed25519',
                d: '1O5y2_kTWErVttjx92n4rTr-fCjL8dT74Jeoj0R1WEI',
                x: 'Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE',
              })
      const { keys } = await json<{ keys: (JsonWebKey & { kid: string })[] }>('/ip-ranges.keys.json')
      expect(keys).toMatchObject([{ kty: 'OKP', crv: 'Ed25519', x: 'Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE' }])
      expect(keys[0]).not.toHaveProperty('d')
      const [jwk] = keys
      const key = await crypto.subtle.importKey(
        'jwk',
        { kty: 'OKP', crv: 'Ed25519', x: jwk?.x ?? '' },
        'Ed25519',
        false,
        ['verify'],
      )
      for (const path of ['/ip-ranges.json', '/ip-ranges/versions/1.json']) {
        const list = await stage.fetch(path)
        const bytes = await list.arrayBuffer()
        const signature = await (await stage.fetch(`${path}.sig`)).arrayBuffer()
        expect(signature.byteLength).toBe(64)
        expect(await crypto.subtle.verify('Ed25519', key, signature, bytes)).toBe(true)
        // A permalink is kept for ever, a signature as long as its key: only the list of now carries it.
        const [own, kid] =
          path === '/ip-ranges.json'
            ? [btoa(String.fromCharCode(...new Uint8Array(signature))), jwk?.kid]
            : [null, null]
        expect(list.headers.get('x-ip-ranges-signature')).toBe(own)
        expect(list.headers.get('x-ip-ranges-key')).toBe(kid)
      }
      expect(await text('/ip-ranges.pem')).toBe(
        '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n',
      )
    },
  )

  test('is asked for anew each time, with the list and the keys, so that no cache pairs what does not belong together', async () => {
    stage.env.RANGE_SIGNING_KEY = KEY_PEM
    const paths = ['/ip-ranges.json', '/ip-ranges.json.sig', '/ip-ranges/versions/1.json.sig']
    for (const path of [...paths, '/ip-ranges.pem', '/ip-ranges.keys.json']) {
      const answer = await stage.fetch(path)
      expect([path, answer.headers.get('cache-control')]).toEqual([path, 'public, no-cache'])
      const again = await stage.fetch(path, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } })
      expect([path, again.status]).toEqual([path, 304])
    }
    const permalink = await stage.fetch('/ip-ranges/versions/1.json')
    expect(permalink.headers.get('cache-control')).toContain('immutable')
    expect([...permalink.headers.keys()].filter((name) => /signature|key/.test(name))).toEqual([])
  })

  test('of another key reaches who has the list, or the signature, already', async () => {
    stage.env.RANGE_SIGNING_KEY = KEY_PEM
    const [list, signature] = [await stage.fetch('/ip-ranges.json'), await stage.fetch('/ip-ranges.json.sig')]
    const since = list.headers.get('last-modified') ?? ''
    const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
    stage.env.RANGE_SIGNING_KEY = JSON.stringify(await crypto.subtle.exportKey('jwk', pair.privateKey))
    // The bytes are the same; a cache takes the headers of a 304 for those that it has (RFC 9111, 4.3.4).
    const known = await stage.fetch('/ip-ranges.json', { headers: { 'if-none-match': list.headers.get('etag') ?? '' } })
    expect(known.status).toBe(304)
    expect(known.headers.get('x-ip-ranges-signature')).not.toBe(list.headers.get('x-ip-ranges-signature'))
    for (const [name, value] of [
      ['if-modified-since', since],
      ['if-none-match', signature.headers.get('etag') ?? ''],
    ] as const) {
      const fresh = await stage.fetch('/ip-ranges.json.sig', { headers: { [name]: value } })
      expect(fresh.status).toBe(200)
      const bytes = await (await stage.fetch('/ip-ranges.json')).arrayBuffer()
      const after = await fresh.arrayBuffer()
      expect(await crypto.subtle.verify('Ed25519', pair.publicKey, after, bytes)).toBe(true)
    }
  })

  test('with a key that is none the list is unsigned, and goes out all the same', async () => {
    for (const bad of ['x', '{}', '{"kty":"EC"}', KEY_PEM.replace('MC4C', 'MC5C')]) {
      stage.env.RANGE_SIGNING_KEY = bad
      const answer = await stage.fetch('/ip-ranges.json')
      expect([answer.status, answer.headers.get('x-ip-ranges-signature')]).toEqual([200, 'none'])
    }
    delete stage.env.RANGE_SIGNING_KEY
  })
})

describe('who we are', () => {
  test.each(['mailto:abuse@scan.example', 'abuse@scan.example', 'https://scan.example/abuse', 'tel:+49-30-1234'])(
    'is said as the RFCs have it, with the contact %s',
    async (contact) => {
      stage.env.CONTACT = contact
      expect(probingTxtFaults(await text('/.well-known/probing.txt'), stage.now())).toEqual([])
      const security = await text('/.well-known/security.txt')
      expect(securityTxtFaults(security, stage.now())).toEqual([])
      expect(await text('/ranges')).toContain('href="/.well-known/security.txt"')
      expect(security).toMatch(/^Canonical: https:\/\/scan\.example\/\.well-known\/security\.txt$/m)
    },
  )

  test('is not said to whom nobody could write', async () => {
    for (const contact of [undefined, '', 'nobody', 'http://scan.example', 'mailto:a\nb@c', 'javascript:alert(1)']) {
      stage.env.CONTACT = contact
      expect((await stage.fetch('/.well-known/security.txt')).status, contact).toBe(404)
      expect(await text('/ranges'), contact).not.toContain('/.well-known/security.txt')
    }
    expect(probingTxtFaults(await text('/.well-known/probing.txt'), stage.now())).toEqual([])
  })
})

test('whatever is announced, nothing that is published holds an address that is not public', async () => {
  const prefix = fc.oneof(fc.constantFrom(8, 16, 24, 32, 48, 64, 128), fc.integer({ min: 8, max: 64 }))
  const near = fc.constantFrom(
    '10.0.0.0',
    '172.16.0.0',
    '192.168.0.0',
    '100.64.0.0',
    '127.0.0.0',
    '169.254.0.0',
    'fc00::',
    '2a01::',
    '2600:1f00::',
    '2400:cb00::',
    '2a03:2880::',
    'fe80::',
    '2001::',
    '192.0.0.0',
    '198.18.0.0',
  )
  const wishes = fc.sample(fc.tuple(fc.oneof(near, fc.ipV4(), fc.ipV6()), prefix, fc.boolean()), {
    numRuns: 120,
    seed: 7,
  })
  for (const [address, length, skipNotice] of wishes) {
    const read = readCidr(`${address}/${length}`)
    const cidr = 'cidr' in read ? read.cidr.text : (/write (\S+) for/.exec(read.error)?.[1] ?? `${address}/${length}`)
    await stage.api('POST', '/ranges', { cidr, site: 'any-1', country: 'DE', skipNotice })
  }
  const known = await stage.api<{ items: RangeAnswer[] }>('GET', '/ranges')
  expect(known.body.items.filter(({ published }) => !published).length).toBeGreaterThan(3)
  expect(known.body.items.filter(({ published }) => published).length).toBeGreaterThan(20)
  const paths = [
    '/ip-ranges.json',
    '/ip-ranges.txt',
    '/ips-v4',
    '/ips-v6',
    '/geofeed.csv',
    '/ip-ranges.aws.json',
    '/ip-ranges.google.json',
    '/ip-ranges.misp.json',
    '/ip-ranges.atom',
    '/ip-ranges.feed.json',
    '/ip-ranges/versions',
    '/ip-ranges/diff?from=0',
    '/ranges',
  ]
  for (const path of paths) {
    const body = (await text(path)).replaceAll('203.0.113.7', '').replaceAll('2001:db8::7', '')
    const named =
      body.match(/(?<![\w.:])(?:\d+\.\d+\.\d+\.\d+|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})\/\d{1,3}(?![\w.])/g) ?? []
    expect(named.length, path).toBeGreaterThan(1)
    for (const one of named) {
      const read = readCidr(one)
      expect([path, one, 'cidr' in read && placeOf(read.cidr).kind]).toEqual([path, one, 'public'])
      if ('cidr' in read) expect(isPublic(read.cidr.address)).toBe(true)
    }
  }
})
