/** Fleet, channels, keys, rules, audit log and settings as a browser has them: pages, forms and files over the real Worker. */
import { beforeAll, describe, expect, test } from 'vitest'
import { MECHANISMS } from '../../schema/words.ts'
import { HYPOTHESES } from '../../worker/core/causes.ts'
import { RULE_LIST } from '../../worker/core/rules.ts'
import { withoutOurScripts } from '../support/pages.ts'
import { addWebhook, script, urlOf } from './support/channels.ts'
import { openFleet, type Probe } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let fleet: Probe[]
let cookie: string
let guest: { id: string; key: string }
const HOSTILE = '<script>alert(1)</script>"\'=1+1'

beforeAll(async () => {
  stage = await openStage({ ALLOW_LOCAL_RECEIVERS: '1' })
  fleet = await openFleet(stage)
  for (const probe of fleet) await probe.lease()
  const { body } = await stage.api<{ url: string }>('POST', '/sessions/once', {})
  cookie = await cookieFrom(body.url)
  guest = (await stage.api<{ id: string; key: string }>('POST', '/tenants', { name: HOSTILE })).body
}, 180_000)

async function cookieFrom(url: string): Promise<string> {
  const first = await stage.fetch(url.replace(/^https?:\/\/[^/]+/, ''), { redirect: 'manual' })
  return first.headers.get('set-cookie')?.split(';')[0] ?? ''
}
const get = (path: string, key?: string) =>
  stage.fetch(path, { redirect: 'manual', headers: key ? { authorization: `Bearer ${key}` } : { cookie } })
const page = async (path: string, key?: string) => (await get(path, key)).text()
/** A form of ours, as a browser without script posts it. */
const post = (path: string, fields: Record<string, string> | [string, string][] = {}) =>
  stage.fetch(path, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  })
const led = (answer: Response) => [answer.status, answer.headers.get('location')]

const PAGES = [
  ...['/fleet', '/fleet/enrol', '/fleet/beacons', '/fleet/canaries', '/channels', '/channels/new', '/keys'],
  ...['/keys/tenants', '/rules', '/audit', '/audit?check=0', '/settings', '/settings/opt-outs', '/settings/letters'],
]

describe('each page', () => {
  test.each(PAGES)(
    '%s is there for the operator, in five queries at most, with nothing that runs in it',
    async (path) => {
      await get('/settings')
      stage.queries()
      const answer = await get(path)
      const made = stage.queries()
      expect(answer.status).toBe(200)
      const html = await answer.text()
      expect(made, path).toBeLessThanOrEqual(5)
      expect(withoutOurScripts(html)).not.toMatch(/<script|style="|javascript:|\son\w+="/i)
      expect(html).toMatch(/<h1[ >]/)
    },
  )

  test.each(PAGES.filter((path) => !path.startsWith('/rules')))('%s leads a stranger to the way in', async (path) => {
    const answer = await stage.fetch(path, { redirect: 'manual' })
    expect(led(answer)).toEqual([303, `/signin?next=${encodeURIComponent(path)}`])
  })

  test.each([
    '/fleet',
    '/fleet/beacons',
    '/channels',
    '/keys',
    '/keys/tenants',
    '/rules',
    '/audit',
    '/settings/opt-outs',
  ])('%s can be taken along as CSV and as JSON Lines', async (path) => {
    const csv = await get(`${path}?format=csv`)
    expect(csv.headers.get('content-type')).toContain('text/csv')
    expect(csv.headers.get('content-disposition')).toMatch(/attachment; filename="[\w-]+\.csv"/)
    const [head = ''] = (await csv.text()).split('\r\n')
    const lines = (await page(`${path}?format=jsonl`)).split('\n').filter(Boolean)
    for (const line of lines) expect(Object.keys(JSON.parse(line))).toEqual(head.split(','))
  })
})

describe('the fleet', () => {
  test('says of each probe where it is, how it is and why, and finds those of a state', async () => {
    const [first, second] = fleet
    await stage.api('PATCH', `/probes/${first?.id}`, { quarantined: true })
    await stage.api('PATCH', `/probes/${second?.id}`, { drained: true })
    const html = await page('/fleet')
    for (const words of ['quarantined', 'The operator does not believe it.', 'drained', 'active', first?.sourceAddress])
      expect(html).toContain(words)
    const rows = async (query: string) =>
      (await page(`/fleet?format=jsonl&${query}`))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { id: string; site: string })
    expect((await rows('state=quarantined')).map(({ id }) => id)).toEqual([first?.id])
    expect((await rows('state=drained')).map(({ id }) => id)).toEqual([second?.id])
    expect((await rows('q=NYC')).every(({ site }) => site.startsWith('nyc'))).toBe(true)
    const sites = (await rows('sort=-site')).map(({ site }) => site)
    expect(sites).toEqual(sites.toSorted().reverse())
    expect((await get('/fleet?state=sleeping')).status).toBe(422)
  })

  test('a probe is believed and drained by form, and revoked after a question', async () => {
    const [first] = fleet
    const path = `/api/v1/probes/${first?.id}`
    const detail = await page(`/fleet/${first?.id}`)
    expect(detail).toContain('Believe it again')
    expect(detail).toMatch(/<details class="ask-first"><summary>Revoke…<\/summary><form method="post"/)
    expect(led(await post(`${path}?method=PATCH`, { quarantined: 'no' }))).toEqual([303, '/fleet?done=saved'])
    expect(await page(`/fleet/${first?.id}`)).toContain('Quarantine…')
    expect(led(await post(`${path}?method=PATCH`, { drained: 'yes' }))).toEqual([303, '/fleet?done=saved'])
    expect(await page(`/fleet/${first?.id}`)).toContain('Give it work again')
    expect(led(await post(`${path}?method=PATCH`, { drained: 'no' }))).toEqual([303, '/fleet?done=saved'])
    const last = fleet.at(-1)
    expect(led(await post(`/api/v1/probes/${last?.id}?method=DELETE`))).toEqual([303, '/fleet?done=removed'])
    expect((await get(`/fleet/${last?.id}`)).status).toBe(404)
  })

  test('a token is shown once, with commands that name the machine, and is in no address or cookie', async () => {
    const answer = await post('/api/v1/probes/enrolments', {
      sourceAddress: '127.0.9.44',
      site: 'lab-7',
      country: 'de',
      provider: '',
      asn: '64512',
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toContain('no-store')
    expect(answer.headers.get('set-cookie')).toBeNull()
    const html = await answer.text()
    const token = /pwe_[0-9a-f]{64}/.exec(html)?.[0] ?? ''
    expect(html.split(token).length - 1).toBe(4)
    for (const words of [
      '--url https://portwitness.test',
      '--source-address 127.0.9.44',
      '--allow-private',
      '/etc/portwitness/lab744.env',
      `--probe lab744,127.0.9.44,${token}`,
    ])
      expect(html).toContain(words)
    expect(await page('/audit')).not.toContain(token.slice(0, 20))
    const bad = await post('/api/v1/probes/enrolments', { sourceAddress: 'nowhere', site: 'FRA' })
    expect(bad.status).toBe(422)
    expect(await bad.text()).toContain('sourceAddress')
  })

  test('others learn which sites there are, and of no address, fault or switch', async () => {
    const html = await page('/fleet', guest.key)
    expect(html).toContain('fra-1')
    for (const words of [fleet[0]?.sourceAddress ?? '', 'Enrol', 'not believe', 'Beacons'])
      expect(html).not.toContain(words)
    expect((await get(`/fleet/${fleet[0]?.id}`, guest.key)).status).toBe(404)
    for (const path of ['/fleet/beacons', '/fleet/enrol', '/settings/letters', '/keys/tenants'])
      expect((await get(path, guest.key)).status, path).toBe(403)
  })

  test('beacons and canaries are added and removed', async () => {
    expect(led(await post('/api/v1/beacons', { address: '127.0.0.1', port: '25' }))).toEqual([
      303,
      '/fleet/beacons?done=added',
    ])
    expect(led(await post('/api/v1/canaries', { address: '127.0.96.1', port: '22', expect: 'open' }))).toEqual([
      303,
      '/fleet/canaries?done=added',
    ])
    const id = /beacons\/(bcn_\w+)\?method=DELETE/.exec(await page('/fleet/beacons'))?.[1]
    expect(led(await post(`/api/v1/beacons/${id}?method=DELETE`))).toEqual([303, '/fleet/beacons?done=removed'])
    expect((await post('/api/v1/canaries', { address: '127.0.96.1', port: 'ssh', expect: 'open' })).status).toBe(422)
  })
})

describe('channels', () => {
  test('one is set up by a form that knows its kind, and its secret is shown this once', async () => {
    const kinds = await page('/channels/new')
    for (const name of ['Slack', 'Microsoft Teams', 'PagerDuty', 'Webhook']) expect(kinds).toContain(name)
    const form = await page('/channels/new?kind=telegram')
    expect(form).toMatch(/the bot’s token/i)
    expect(form).toContain('https://api.telegram.org/?chat_id=')
    await script('setup', [{ status: 200 }])
    const made = await post('/api/v1/channels', [
      ['kind', 'webhook'],
      ['name', 'SIEM'],
      ['url', urlOf('setup')],
      ['secret', ''],
      ['events', 'issue.opened'],
      ['events', 'issue.resolved'],
      ['severity', 'error'],
      ['targetTags', 'production, pci'],
      ['quietFrom', '22:00'],
      ['quietTo', '06:00'],
      ['timezone', 'Europe/Berlin'],
      ['quietUnless', ''],
      ['remindEveryDays', '3'],
      ['remindAtMost', ''],
    ])
    const shown = await made.text()
    const secret = /whsec_[\w+/=]+/.exec(shown)?.[0] ?? ''
    expect(secret.length).toBeGreaterThan(40)
    const id = /\/channels\/(chn_\w+)"/.exec(shown)?.[1] ?? ''
    expect(await page(`/channels/${id}`)).not.toContain(secret)
    expect((await stage.api('GET', `/channels/${id}`)).body).toMatchObject({
      events: ['issue.opened', 'issue.resolved'],
      filters: { severity: 'error', causeClass: [], targetTags: ['production', 'pci'] },
      quietHours: { from: '22:00', to: '06:00', timezone: 'Europe/Berlin', unless: null },
      reminders: { everyDays: 3, atMost: 5 },
    })
    const renewed = await post(`/api/v1/channels/${id}?method=PATCH`, { rotateSecret: 'yes', keepOldSecretHours: '12' })
    expect(await renewed.text()).toMatch(/whsec_.*signs beside it until/s)
    const empty = { name: 'SIEM 2', severity: '', targetTags: '', quietFrom: '', quietTo: '', remindEveryDays: '' }
    const quiet = { ...empty, events: 'issue.opened' }
    expect(led(await post(`/api/v1/channels/${id}?method=PATCH`, quiet))).toEqual([303, `/channels/${id}?done=saved`])
    expect((await stage.api('GET', `/channels/${id}`)).body).toMatchObject({
      name: 'SIEM 2',
      events: ['issue.opened'],
      quietHours: null,
      reminders: null,
      filters: { severity: null },
    })
    expect(led(await post(`/api/v1/channels/${id}?method=PATCH`, { state: 'off' }))).toEqual([
      303,
      `/channels/${id}?done=saved`,
    ])
    expect(await page(`/channels/${id}`)).toContain('Switch it on')
  })

  test('one that is told of nothing is refused, and named, when it is set up and when it is changed', async () => {
    const form = await page('/channels/new?kind=webhook')
    const ticked = [...form.matchAll(/name="events" type="checkbox" value="([^"]+)" checked/g)].map(([, name]) => name)
    expect(ticked).toContain('issue.opened')
    const { id } = await addWebhook(stage, 'setup')
    const before = (await stage.api<{ events: string[] }>('GET', `/channels/${id}`)).body
    const count = await stage.count('channels')
    const empty = { name: 'Nothing', severity: '', targetTags: '', quietFrom: '', quietTo: '', remindEveryDays: '' }
    for (const answer of [
      await post(`/api/v1/channels/${id}?method=PATCH`, empty),
      await post('/api/v1/channels', { ...empty, kind: 'webhook', url: urlOf('setup'), secret: '' }),
    ]) {
      expect(answer.status).toBe(422)
      expect(await answer.text()).toContain('events: choose at least one, or switch the channel off instead')
    }
    expect((await stage.api('GET', `/channels/${id}`)).body).toEqual(before)
    expect(await stage.count('channels')).toBe(count)
    const byProgram = await stage.api<{ errors: unknown[] }>('PATCH', `/channels/${id}`, { events: [] })
    expect([byProgram.status, byProgram.body.errors]).toEqual([
      422,
      [{ field: 'events', detail: 'choose at least one, or switch the channel off instead' }],
    ])
    // A program that wants the usual ones says so.
    expect((await stage.api('PATCH', `/channels/${id}`, { events: null })).status).toBe(200)
    await stage.api('DELETE', `/channels/${id}`)
  })

  test('is tried, shows what a platform said as text, is previewed, and is removed', async () => {
    const said = `\u202e${HOSTILE}\u0000\u001b[31m${'x'.repeat(2_000)}`
    await script('hostile', [{ status: 500, body: said }])
    const { id } = await addWebhook(stage, 'hostile')
    const tested = await (await post(`/api/v1/channels/${id}/test`)).text()
    expect(tested).toContain('did not arrive')
    expect(tested).not.toContain('<script>alert')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(tested).not.toMatch(/[\u202e\u0000\u001b]/)
    const preview = await page(`/channels/${id}/preview?event=scan.failed`)
    expect(preview).toContain('scan.failed')
    expect(preview).toContain('webhook-signature: v1,…')
    expect((await get(`/channels/${id}/preview?event=nothing`)).status).toBe(422)
    stage.queries()
    await get(`/channels/${id}`)
    expect(stage.queries()).toBeLessThanOrEqual(5)
    expect((await get(`/channels/${id}`, guest.key)).status).toBe(404)
    expect(led(await post(`/api/v1/channels/${id}?method=DELETE`))).toEqual([303, '/channels?done=removed'])
  })
})

describe('keys', () => {
  test('one is made, shown once, said by whom it was made, and ends its sessions when it is revoked', async () => {
    const answer = await post('/api/v1/keys', { name: HOSTILE, scope: 'admin', expiresAt: '2027-01-31' })
    const key = /pw_\w{36}/.exec(await answer.text())?.[0] ?? ''
    expect(led(answer)[1]).toBeNull()
    expect(answer.headers.get('set-cookie')).toBeNull()
    const list = await page('/keys')
    expect(list).not.toContain(key)
    expect(list).not.toContain('<script>alert')
    expect(list).toContain('session:key_bootstrap')
    const csv = await page('/keys?format=csv')
    expect(csv).toContain('2027-01-31T23:59:59')
    const { body } = await stage.api<{ url: string }>('POST', '/sessions/once', {}, key)
    const session = await cookieFrom(body.url)
    const seen = () => stage.fetch('/keys', { redirect: 'manual', headers: { cookie: session } })
    expect((await seen()).status).toBe(200)
    const own = /keys\/(key_\w+)\?method=DELETE"><p>You are signed in with this key/.exec(
      await (await seen()).text(),
    )?.[1]
    expect(led(await post(`/api/v1/keys/${own}?method=DELETE`))).toEqual([303, '/keys?done=revoked'])
    expect(led(await seen())).toEqual([303, '/signin?next=%2Fkeys'])
    expect((await post('/api/v1/keys', { name: 'late', scope: 'read', expiresAt: '2020-01-01' })).status).toBe(422)
  })

  test('a key of scope read sees neither keys nor the log, and no control that it may not use', async () => {
    const { body } = await stage.api<{ key: string }>('POST', '/keys', { name: 'reader', scope: 'read' })
    for (const path of ['/keys', '/audit']) expect((await get(path, body.key)).status, path).toBe(403)
    for (const path of ['/settings', '/channels', `/fleet/${fleet[0]?.id}`])
      expect(await page(path, body.key), path).not.toMatch(/<form method="post" action="\/api/)
  })

  test('tenants come and go', async () => {
    const shown = await (await post('/api/v1/tenants', { name: 'Other Ltd' })).text()
    expect(shown).toMatch(/pw_\w{36}/)
    const id = /<code>(ten_\w+)<\/code>/.exec(shown)?.[1]
    expect(await page('/keys/tenants')).not.toContain('<script>alert')
    expect(led(await post(`/api/v1/tenants/${id}?method=DELETE`))).toEqual([303, '/keys/tenants?done=removed'])
  })
})

describe('the audit log', () => {
  test('is filtered by who, what, words and day, and leads on', async () => {
    stage.pass(3 * 86_400_000)
    const after = new Date(stage.now()).toISOString().slice(0, 10)
    const { body } = await stage.api<{ url: string }>('POST', '/sessions/once', {})
    cookie = await cookieFrom(body.url)
    await post('/api/v1/tenant?method=PATCH', { name: 'Later' })
    const rows = async (query: string) =>
      (await page(`/audit?format=jsonl&${query}`))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { seq: number; actor: string; deed: string; at: string })
    const all = await rows('')
    expect(all.length).toBeGreaterThan(20)
    expect((await rows('deed=DELETE')).every(({ deed }) => deed.startsWith('DELETE '))).toBe(true)
    expect((await rows('actor=session')).every(({ actor }) => actor.startsWith('session:'))).toBe(true)
    const late = await rows(`from=${after}`)
    expect(late.map(({ deed }) => deed)).toContain('PATCH /api/v1/tenant')
    expect(late).toEqual(all.filter(({ at }) => at.slice(0, 10) >= after))
    expect(await rows('until=2026-11-24')).toEqual(all.filter(({ at }) => at < '2026-11-25'))
    expect(await rows('until=2020-01-01')).toEqual([])
    expect((await rows('q=%25')).length).toBe(0)
    expect((await rows(`q=${'long'.repeat(25)}`)).length).toBe(0)
    expect((await rows('q=API%2FV1%2FTENANT')).length).toBeGreaterThan(0)
    expect((await rows('q=tenant&deed=PATCH')).length).toBeGreaterThan(0)
    for (const query of ['from=yesterday', 'actor=nobody', 'cursor=x', 'check=x'])
      expect((await get(`/audit?${query}`)).status, query).toBe(422)
  })

  test('its chain is checked up to its last line', async () => {
    const html = await page('/audit?check=0')
    expect(html).toMatch(/Each line from 1 up to line \d+ follows/)
    const middle = await page('/audit?check=5')
    expect(middle).toMatch(/Each line from 6 up to line \d+ follows/)
  })
})

describe('settings', () => {
  test('the kill switch asks first, and says who moved it and when', async () => {
    const before = await page('/settings')
    expect(before).toMatch(/<summary>Stop all scanning…<\/summary>/)
    expect(led(await post('/api/v1/kill-switch?method=PUT', { stopped: 'yes' }))).toEqual([303, '/settings?done=saved'])
    const html = await page('/settings')
    expect(html).toContain('all scanning is stopped')
    expect(html).toMatch(/Last moved .* by <code>session:key_/s)
    const theirs = await page('/settings', guest.key)
    expect(theirs).toContain('all scanning is stopped')
    expect(theirs).not.toMatch(/session:key_bootstrap|Let scanning go on/)
    expect((await stage.api('GET', '/kill-switch', undefined, guest.key)).body).not.toHaveProperty('by')
    expect(led(await post('/api/v1/kill-switch?method=PUT', { stopped: 'no' }))).toEqual([303, '/settings?done=saved'])
  })

  test('retention, name and proof token are changed by form', async () => {
    const days = { factsDays: '200', rawDays: '100', deliveriesDays: '40' }
    expect(led(await post('/api/v1/retention?method=PUT', days))).toEqual([303, '/settings?done=saved'])
    expect((await stage.api('GET', '/retention')).body).toEqual({ factsDays: 200, rawDays: 100, deliveriesDays: 40 })
    expect((await post('/api/v1/retention?method=PUT', { ...days, rawDays: '1' })).status).toBe(422)
    expect(led(await post('/api/v1/tenant?method=PATCH', { name: 'Example Ltd' }))).toEqual([
      303,
      '/settings?done=renamed',
    ])
    expect(await page('/settings')).toContain('value="Example Ltd"')
    expect(led(await post('/api/v1/proof-token/rotate', { overlapDays: '3' }))).toEqual([303, '/settings?done=rotated'])
    expect((await stage.api('GET', '/proof-token')).body).toMatchObject({
      next: { usedFrom: new Date(stage.now() + 3 * 86_400_000).toISOString() },
    })
  })

  test('opt-outs and letters are entered, and taken back', async () => {
    expect(led(await post('/api/v1/opt-outs', { cidr: '203.0.113.0/24', note: HOSTILE }))).toEqual([
      303,
      '/settings/opt-outs?done=added',
    ])
    const html = await page('/settings/opt-outs')
    expect(html).not.toContain('<script>alert')
    const id = /opt-outs\/(opt_\w+)\?method=DELETE/.exec(html)?.[1]
    expect(led(await post(`/api/v1/opt-outs/${id}?method=DELETE`))).toEqual([303, '/settings/opt-outs?done=removed'])
    const letter = {
      tenantId: guest.id,
      cidr: '198.51.100.0/24',
      signedBy: 'Jo Holder',
      signedAt: '2026-11-20',
      expiresAt: '2027-05-31',
      sha256: 'A'.repeat(64),
      note: '',
    }
    expect(led(await post('/api/v1/letters', letter))).toEqual([303, '/settings/letters?done=added'])
    const list = await page('/settings/letters')
    expect(list).toContain('Jo Holder')
    const ltr = /letters\/(ltr_\w+)\?method=DELETE/.exec(list)?.[1]
    expect(led(await post(`/api/v1/letters/${ltr}?method=DELETE`))).toEqual([303, '/settings/letters?done=removed'])
    expect(await page('/settings/letters')).toContain('revoked')
  })
})

describe('the rules', () => {
  test('each rule, experiment and mechanism that is weighed has its place, for everybody', async () => {
    const html = await (await stage.fetch('/rules')).text()
    for (const { id } of RULE_LIST) expect(html).toContain(`id="${id}"`)
    for (let n = 1; n <= 8; n++) expect(html).toContain(`id="E${n}"`)
    const weighed = MECHANISMS.filter((word) => HYPOTHESES.some(({ mechanism }) => mechanism === word))
    for (const word of weighed) expect(html).toContain(`id="${word}"`)
    const anchors = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    for (const id of anchors) expect(html, id).toContain(`id="${id}"`)
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const packed = new Response(new Blob([html]).stream().pipeThrough(new CompressionStream('gzip')))
    expect((await packed.arrayBuffer()).byteLength).toBeLessThan(60 * 1024)
  })
})
