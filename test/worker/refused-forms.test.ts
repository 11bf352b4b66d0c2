/** What is not acceptable in a form is said where it stands: each form of the set-up, in the whole Worker. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { TargetAnswer } from '../../schema/api.ts'
import { around, filledIn, formOn } from '../support/forms.ts'
import { HOSTILE, withoutOurScripts } from '../support/pages.ts'
import { addWebhook, urlOf } from './support/channels.ts'
import { KEY, openStage, type Stage } from './support/stage.ts'

type Typed = Record<string, string | string[]>

interface Story {
  /** where it stands, as its reader has the page before them */
  on: string
  form: string
  wrong: Typed
  /** by id of the field, what is said beside it */
  said: Record<string, string>
  /** what was typed and must not be sent back */
  secret?: string[]
  /** what mends it; where it leads then, null where an answer is shown */
  right: Typed
  to: string | null
}

let stage: Stage
let cookie: string
let guest: { id: string; key: string }
const at: Record<string, string> = {}

const FORM = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
const get = (path: string, as = cookie) => stage.fetch(path, { redirect: 'manual', headers: { cookie: as } })
const send = (path: string, body: string, headers: Record<string, string> = { cookie }) =>
  stage.fetch(path, { method: 'POST', redirect: 'manual', headers: { ...FORM, ...headers }, body })
const session = async (key: string) =>
  (await send('/signin', new URLSearchParams({ key }).toString(), {})).headers.get('set-cookie')?.split(';')[0] ?? ''

beforeAll(async () => {
  stage = await openStage({ ALLOW_LOCAL_RECEIVERS: '1' })
  cookie = await session(KEY)
  guest = (await stage.api<{ id: string; key: string }>('POST', '/tenants', { name: 'Guest' })).body
  at.channel = (await addWebhook(stage, 'refused')).id
  const target = async (body: object) => (await stage.api<TargetAnswer>('POST', '/targets', body)).body.id
  at.target = await target({ address: '10.7.7.7', name: 'Old' })
  at.open = await target({ address: '9.9.9.7', ports: '22' })
})

/** Standard Webhooks: 24 to 64 bytes. */
const OWN_SECRET = `whsec_${btoa('own'.repeat(10))}`
const LONG = 'n'.repeat(101)
const STORIES: Record<string, Story> = {
  'a new channel': {
    on: '/channels/new?kind=webhook',
    form: 'new-channel',
    wrong: {
      ...{ name: HOSTILE, url: 'http://user:hidden-word@hooks.example/', secret: 'whsec_hidden-secret' },
      ...{ events: ['issue.opened', 'scan.failed'], severity: 'error', causeClass: ['waf'], targetTags: 'pci, shop' },
      ...{ quietFrom: '22:00', quietTo: '06:00', timezone: 'Mars/Base', remindEveryDays: '400' },
    },
    said: { timezone: 'time zone name', remindEveryDays: 'must not be more than 90' },
    secret: ['hidden-word', 'hidden-secret'],
    right: { url: urlOf('refused'), timezone: 'Europe/Berlin', remindEveryDays: '3' },
    to: null,
  },
  'where a new channel leads': {
    on: '/channels/new?kind=webhook',
    form: 'new-channel',
    wrong: { name: 'Kept', url: 'ftp://user:hidden-word@10.0.0.1/', secret: OWN_SECRET },
    said: { url: 'must begin with https://; must hold no user name and password' },
    secret: ['hidden-word', OWN_SECRET],
    right: { url: urlOf('refused'), secret: OWN_SECRET },
    to: '/channels/chn_?done=added',
  },
  'what a channel is told': {
    on: '/channels/CHANNEL',
    form: 'wishes',
    wrong: { name: 'Kept', quietFrom: '22:00', quietTo: '22:00', events: ['issue.opened'] },
    said: { quiet: 'must begin and end at different times' },
    right: { quietTo: '07:00' },
    to: '/channels/CHANNEL?done=saved',
  },
  'where a channel leads': {
    on: '/channels/CHANNEL',
    form: 'destination',
    wrong: { url: 'ftp://10.0.0.1/hidden-word', secret: 'short' },
    said: { url: 'must begin with https://', secret: '' },
    secret: ['hidden-word', 'value="short"'],
    right: { url: urlOf('refused'), secret: '' },
    to: '/channels/CHANNEL?done=saved',
  },
  'a new secret of a channel': {
    on: '/channels/CHANNEL',
    form: 'rotation',
    wrong: { keepOldSecretHours: '9999' },
    said: { keepOldSecretHours: 'must not be more than 720' },
    right: { keepOldSecretHours: '1' },
    to: null,
  },
  'a new key': {
    on: '/keys?sort=-name&q=o',
    form: 'new-key',
    wrong: { name: HOSTILE, scope: 'write', expiresAt: '2020-01-01' },
    said: { expiresAt: 'must be in the future' },
    right: { expiresAt: '2027-01-31' },
    to: null,
  },
  'a new tenant': {
    on: '/keys/tenants',
    form: 'new-tenant',
    wrong: { name: LONG },
    said: { name: 'must not be longer than 100' },
    right: { name: 'Other Ltd' },
    to: null,
  },
  'a probe to enrol': {
    on: '/fleet/enrol',
    form: 'enrolment',
    wrong: { sourceAddress: 'nowhere', site: 'FRA', country: 'de', provider: HOSTILE, asn: 'AS1', rangeActive: 'yes' },
    said: { sourceAddress: 'must be one IP address', site: '', asn: 'must be number' },
    right: { sourceAddress: '127.0.9.44', site: 'lab-7', asn: '64512' },
    to: null,
  },
  'a beacon': {
    on: '/fleet/beacons',
    form: 'new-beacon',
    wrong: { address: HOSTILE.slice(0, 40), port: '0' },
    said: { address: '', port: 'must not be less than 1' },
    right: { address: '127.0.0.1', port: '25' },
    to: '/fleet/beacons?done=added',
  },
  'a canary': {
    on: '/fleet/canaries',
    form: 'new-canary',
    wrong: { address: '127.0.96.1', port: 'ssh', expect: 'closed' },
    said: { port: 'must be number' },
    right: { port: '22' },
    to: '/fleet/canaries?done=added',
  },
  'the name of an organisation': {
    on: '/settings',
    form: 'rename',
    wrong: { name: LONG },
    said: { name: 'must not be longer than 100' },
    right: { name: 'Example Ltd' },
    to: '/settings?done=renamed',
  },
  'a new proof token': {
    on: '/settings',
    form: 'rotation',
    wrong: { overlapDays: '91' },
    said: { overlapDays: 'must be a whole number of days from 0 to 90' },
    right: { overlapDays: '3' },
    to: '/settings?done=rotated',
  },
  'how long what is kept': {
    on: '/settings',
    form: 'retention',
    wrong: { factsDays: '200', rawDays: '1', deliveriesDays: 'x' },
    said: { rawDays: 'must not be less than 2', deliveriesDays: 'must be number' },
    right: { rawDays: '100', deliveriesDays: '40' },
    to: '/settings?done=saved',
  },
  'an opt-out': {
    on: '/settings/opt-outs',
    form: 'opt-out',
    wrong: { cidr: '300.1.1.1/8', note: HOSTILE },
    said: { cidr: '' },
    right: { cidr: '203.0.113.0/24' },
    to: '/settings/opt-outs?done=added',
  },
  'a letter': {
    on: '/settings/letters',
    form: 'letter',
    wrong: {
      ...{ tenantId: 'GUEST', cidr: '198.51.100.0/24', signedBy: HOSTILE, signedAt: '2026-11-20' },
      ...{ expiresAt: '2029-05-31', sha256: 'A'.repeat(64), note: 'by post' },
    },
    said: { expiresAt: 'must lie ahead, and within a year of the signature' },
    right: { expiresAt: '2027-05-31' },
    to: '/settings/letters?done=added',
  },
  'a new target': {
    on: '/targets/new?address=10.3.3.3',
    form: 'target',
    wrong: {
      address: HOSTILE,
      name: 'Kept',
      ports: '22,99999',
      schedule: '0 3 * * *',
      profile: 'discovery',
      tags: 'a, b',
    },
    said: { 'target-address': 'IP address in plain notation', 'target-ports': 'ports go from 1 to 65535' },
    right: { address: '10.3.3.3', ports: '22', schedule: '' },
    to: '/targets/tgt_?done=added',
  },
  'a target that is changed': {
    on: '/targets/TARGET/edit',
    form: 'target',
    wrong: { name: HOSTILE, timezone: 'Mars/Base', maxConnectsPerSecond: '200' },
    said: { 'target-timezone': 'not a time zone name' },
    right: { timezone: 'UTC' },
    to: '/targets/TARGET?done=saved',
  },
  'a way to prove control': {
    on: '/targets/OPEN',
    form: 'way-name',
    wrong: { domain: '-not a domain-' },
    said: { 'control-domain': '' },
    right: { domain: 'example.net' },
    to: '/targets/OPEN?done=chosen#control',
  },
}

const filledWith = (text: string): string =>
  text
    .replace('CHANNEL', at.channel ?? '')
    .replace('TARGET', at.target ?? '')
    .replace('OPEN', at.open ?? '')
    .replace('GUEST', guest.id)
const typedIn = (typed: Typed): Typed =>
  Object.fromEntries(Object.entries(typed).map(([name, value]) => [name, value === 'GUEST' ? guest.id : value]))

describe('a form that is refused', () => {
  test.each(Object.entries(STORIES))('%s: comes back where it stood, as it was typed', async (_, story) => {
    const path = filledWith(story.on)
    const wrong = typedIn(story.wrong)
    const before = await (await get(path)).text()
    const form = formOn(before, story.form)
    const refused = await send(form.action, filledIn(form, wrong))
    const html = await refused.text()
    expect([refused.status, refused.headers.get('content-security-policy')]).toEqual([
      422,
      (await get('/settings')).headers.get('content-security-policy'),
    ])
    expect(html).toContain('<title>Not accepted: ')
    expect(around(html, story.form)).toBe(around(before, story.form))

    const again = formOn(html, story.form)
    expect(again.action).toBe(form.action)
    const count = Object.keys(story.said).length
    expect(again.html).toMatch(/<div class="alarm" role="alert" tabindex="-1" autofocus="">/)
    expect(again.html).toContain(count === 1 ? 'One field is not' : `${count} fields are not`)
    for (const [id, words] of Object.entries(story.said)) {
      expect(again.html, id).toContain(`<li class="break"><a href="#${id}">`)
      const [tag = ''] = new RegExp(`<(?:input|select|fieldset)[^>]* ?id="${id}"[^>]*>`).exec(again.html) ?? []
      expect(tag, id).toMatch(new RegExp(`aria-describedby="${id}-fault`))
      if (!tag.startsWith('<fieldset')) expect(tag, id).toContain('aria-invalid="true"')
      const [, beside = ''] = new RegExp(`class="fault[^"]*" id="${id}-fault">([^<]*)<`).exec(again.html) ?? []
      expect(beside, id).not.toBe('')
      expect(beside, id).toContain(words)
    }
    expect(again.html.match(/aria-invalid/g)?.length ?? 0).toBe(
      Object.keys(story.said).filter((id) => id !== 'quiet').length,
    )

    const sealed = story.secret ? ['url', 'secret'] : []
    for (const [name, value] of Object.entries(wrong))
      if (!sealed.includes(name)) {
        const kept = again.fields.filter(([field]) => field === name).map(([, one]) => one)
        expect([name, kept.toSorted()]).toEqual([name, [value].flat().toSorted()])
      }
    for (const word of story.secret ?? []) expect(html).not.toContain(word)
    expect(withoutOurScripts(html)).not.toMatch(/<script|<img src=x|style="|javascript:|\son\w+="/i)
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)

    const mended = await send(again.action, filledIn(again, story.right))
    expect([
      mended.status,
      mended.headers.get('location')?.replace(/(chn|tgt)_\w{20,}(?=\?done=added)/, '$1_'),
    ]).toEqual(story.to === null ? [200, undefined] : [303, filledWith(story.to)])
  })

  test('is unfolded where what it says would be out of sight, and what else is folded stays so', async () => {
    const path = `/channels/${at.channel}`
    const form = formOn(await (await get(path)).text(), 'rotation')
    const html = await (await send(form.action, filledIn(form, { keepOldSecretHours: '-1' }))).text()
    expect(html).toMatch(/<details class="card"><summary>Name/)
    expect(html).toMatch(/<details class="card" open=""><summary>Where it leads/)
  })

  test('that is too long comes back, too', async () => {
    const form = formOn(await (await get('/settings/opt-outs')).text(), 'opt-out')
    const answer = await send(form.action, filledIn(form, { cidr: '203.0.113.0/25', note: 'n'.repeat(20_000) }))
    const again = formOn(await answer.text(), 'opt-out')
    expect(answer.status).toBe(413)
    expect(again.html).toMatch(/role="alert"[^>]*><p class="break">The body is larger than/)
    expect(again.fields).toContainEqual(['cidr', '203.0.113.0/25'])
  })

  test('for no field of its own says why at its head, with the status that the API gives', async () => {
    const columns = await stage.env.DB.prepare("SELECT name FROM pragma_table_info('channels')").all<{ name: string }>()
    const names = columns.results.map(({ name }) => name)
    const copied = names.map((name) => (name === 'id' ? "'chn_copy' || n" : name))
    await stage.env.DB.prepare(
      `WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 100)
       INSERT INTO channels (${names.join(', ')}) SELECT ${copied.join(', ')} FROM channels, count WHERE id = ?`,
    )
      .bind(at.channel)
      .run()
    const form = formOn(await (await get('/channels/new?kind=webhook')).text(), 'new-channel')
    const answer = await send(form.action, filledIn(form, { name: 'One more', url: urlOf('refused') }))
    const again = formOn(await answer.text(), 'new-channel')
    expect(answer.status).toBe(409)
    expect(again.html).toMatch(/role="alert"[^>]*><p class="break">There are 100 channels already/)
    expect(again.fields).toContainEqual(['name', 'One more'])
    expect(again.html).not.toContain('aria-invalid')
  })

  const WRONG = { name: 'typed-before', scope: 'read', expiresAt: '2020-01-01' }
  const body = (place: string) => new URLSearchParams({ ...WRONG, at: place }).toString()

  test.each([
    ...['', '/keys', '/keys#', '/keys#nosuch', '/keys#new-key#x', '/nosuch#new-key', '/keys/tenants#new-key'],
    ...[
      '//evil.example/keys#new-key',
      'https://evil.example/#new-key',
      '/\\evil.example#new-key',
      'javascript:x#new-key',
    ],
    ...['/keys?format=csv#new-key', '/keys?sort=nothing#new-key', '/api/v1/keys#new-key', '/signout#new-key'],
    ...['/portal/style.css#new-key', '/keys#"><script>'],
  ])('that says it stood at %j, where it does not, is answered on a page of its own', async (place) => {
    const answer = await send('/api/v1/keys', body(place))
    const html = await answer.text()
    expect([answer.status, answer.headers.get('content-type')]).toEqual([422, 'text/html; charset=utf-8'])
    expect(html).not.toContain('typed-before')
    expect(withoutOurScripts(html)).not.toContain('<script')
  })

  test('by whoever may not send it is not filled in for them', async () => {
    const others: [number, Record<string, string>][] = [
      [401, {}],
      [403, { cookie, 'sec-fetch-site': 'cross-site' }],
      [403, { cookie: await session((await reader()).key) }],
    ]
    for (const [status, headers] of others) {
      const answer = await send('/api/v1/keys', body('/keys#new-key'), headers)
      expect([answer.status, (await answer.text()).includes('typed-before')]).toEqual([status, false])
    }
  })

  test('shows a tenant its own page, whatever it says', async () => {
    const theirs = await session(guest.key)
    const answer = await send('/api/v1/keys', body(`/channels/${at.channel}#wishes`), { cookie: theirs })
    expect([answer.status, (await answer.text()).includes('refused')]).toEqual([422, false])
    const own = await send('/api/v1/keys', body('/keys#new-key'), { cookie: theirs })
    expect(await own.text()).toContain('value="typed-before"')
  })

  test('tells programs in JSON, as ever', async () => {
    const { status, body: problem } = await stage.api<{ errors: unknown[] }>('POST', '/keys', WRONG)
    expect([status, problem.errors]).toEqual([422, [{ field: 'expiresAt', detail: expect.any(String) }]])
  })
})

const reader = async () => (await stage.api<{ key: string }>('POST', '/keys', { name: 'r', scope: 'read' })).body
