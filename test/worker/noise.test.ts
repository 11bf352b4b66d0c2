/** Less noise: what is told once, later, in sum, or not at all. */
import { beforeAll, expect, test } from 'vitest'
import type { AnyEvent } from '../../schema/events.ts'
import { exampleOf } from '../../worker/deliver/examples.ts'
import { addWebhook, issueId, logOf, news, put, received, script, urlOf } from './support/channels.ts'
import { openFleet, type Probe } from './support/probes.ts'
import { openStage, type Stage } from './support/stage.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
let stage: Stage
beforeAll(async () => {
  stage = await openStage({ ALLOW_LOCAL_RECEIVERS: '1' })
})

const heard = async (name: string): Promise<AnyEvent[]> => (await received(name)).map((one) => JSON.parse(one.body))
const types = async (name: string) => (await heard(name)).map(({ type }) => type)
const tell = async (...args: Parameters<typeof news> extends [unknown, ...infer Rest] ? Rest : never) => {
  await put(stage, news(stage, ...args))
  await stage.tick()
}
const remove = (id: string) => stage.api('DELETE', `/channels/${id}`)

/** An issue as the line would have written it. */
const issueRow = (n: number, state = 'open', snoozedUntil: number | null = null, targetId = `tgt_${n}`) =>
  stage.env.DB.prepare(
    `INSERT OR REPLACE INTO issues (tenant_id, id, target_id, finding, state, title, opened_at, restated_at, last_scan_id, snoozed_until)
      VALUES ('ten_default', ?, ?, 'interference', ?, 't', 1, 1, 'scn_x', ?)`,
  )
    .bind(issueId(n), targetId, state, snoozedUntil)
    .run()

test('what comes and goes is said once, and then summed up when it is calm', async () => {
  const channel = await addWebhook(stage, 'flapping')
  for (let i = 0; i < 3; i++) {
    await tell('issue.opened', 100 + i, {}, 100)
    stage.pass(5 * MINUTE)
    await tell('issue.resolved', 100 + i, {}, 100)
    stage.pass(5 * MINUTE)
  }
  expect(await types('flapping')).toEqual(['issue.opened', 'issue.resolved'])
  stage.pass(31 * MINUTE)
  await stage.tick()
  const all = await heard('flapping')
  expect(all.map(({ type }) => type)).toEqual(['issue.opened', 'issue.resolved', 'issue.resolved'])
  expect(all.at(-1)?.data.text).toMatch(/^3 earlier messages of this since 2026-11-22 12:\d\d UTC were not sent/)
  expect((await logOf(stage, channel)).map(({ state }) => state).sort()).toEqual(
    ['gathered', 'gathered', 'gathered', 'sent', 'sent', 'sent'].sort(),
  )
  await remove(channel.id)
})

test('quiet hours put off what is not grave, and what waits is sent in sum', async () => {
  const hour = (add: number) => `${String((new Date(stage.now()).getUTCHours() + add) % 24).padStart(2, '0')}:00`
  const quietHours = { from: hour(0), to: hour(2), timezone: 'UTC', unless: 'critical' }
  const channel = await addWebhook(stage, 'quiet', { quietHours })
  await tell('issue.opened', 110)
  await tell('issue.opened', 111, { severity: 'critical' })
  stage.pass(MINUTE)
  await tell('issue.updated', 110, { severity: 'warning' })
  expect(await heard('quiet')).toMatchObject([{ data: { issue: { id: issueId(111) } } }])
  stage.pass(2 * HOUR)
  await stage.tick()
  expect((await heard('quiet')).slice(1)).toMatchObject([
    { type: 'issue.updated', data: { text: expect.stringMatching(/^1 earlier message of this/) } },
  ])
  await remove(channel.id)
})

test('the end of an issue that was told of is owed, whatever begins before it can be sent', async () => {
  const hour = (add: number) => `${String((new Date(stage.now()).getUTCHours() + add) % 24).padStart(2, '0')}:00`
  const quietHours = { from: hour(1), to: hour(3), timezone: 'UTC' }
  const channel = await addWebhook(stage, 'owed', { quietHours })
  await tell('issue.opened', 112, {}, 112)
  stage.pass(HOUR)
  await tell('issue.resolved', 112, {}, 112)
  stage.pass(MINUTE)
  await tell('issue.opened', 113, {}, 112)
  stage.pass(MINUTE)
  await tell('issue.resolved', 113, {}, 112)
  stage.pass(MINUTE)
  await tell('issue.opened', 114, {}, 112)
  stage.pass(3 * HOUR)
  await stage.tick()
  const told = (await heard('owed')).map(({ type, data }) => [type, 'issue' in data && data.issue?.id])
  expect(told).toEqual([
    ['issue.opened', issueId(112)],
    ['issue.resolved', issueId(112)],
    ['issue.opened', issueId(114)],
  ])
  await remove(channel.id)
})

test('a chat is told of an issue again only when something is new', async () => {
  const chat = await stage.api<{ id: string }>('POST', '/channels', {
    kind: 'mattermost',
    name: 'chat',
    url: urlOf('chat'),
  })
  const machine = await addWebhook(stage, 'machine')
  await tell('issue.opened', 120)
  await tell('issue.updated', 120)
  await tell('issue.updated', 120, { severity: 'warning' })
  expect(await received('chat')).toHaveLength(2)
  expect(await received('machine')).toHaveLength(3)
  await remove(chat.body.id)
  await remove(machine.id)
})

test('news that did not arrive is told again when it is seen again', async () => {
  await script('missed', [{ status: 200, body: 'ok' }, { status: 400, body: 'no' }, {}])
  const made = { kind: 'mattermost', name: 'missed', url: urlOf('missed') }
  const { body: chat } = await stage.api<{ id: string }>('POST', '/channels', made)
  await tell('issue.opened', 122)
  stage.pass(MINUTE)
  await tell('issue.updated', 122, { severity: 'warning' })
  expect((await logOf(stage, chat)).map(({ state }) => state)).toEqual(['failed', 'sent'])
  stage.pass(MINUTE)
  await tell('issue.updated', 122, { severity: 'warning' })
  stage.pass(MINUTE)
  await tell('issue.updated', 122, { severity: 'warning' })
  expect((await logOf(stage, chat)).map(({ state }) => state)).toEqual(['sent', 'failed', 'sent'])
  await remove(chat.id)
})

test('a scan that a chat is told of by its issue is not told of once more', async () => {
  const events = ['issue.opened', 'scan.finished']
  const made = { kind: 'mattermost', name: 'scans', url: urlOf('scans'), events }
  const chat = await stage.api<{ id: string }>('POST', '/channels', made)
  await put(stage, exampleOf('scan.finished', stage.now()))
  await tell('issue.opened', 121)
  expect(await received('scans')).toHaveLength(1)
  expect((await received('scans'))[0]?.body).toContain(issueId(121))
  await remove(chat.body.id)
})

test('an issue that stays open is told of again, seldom, and not for ever', async () => {
  const channel = await addWebhook(stage, 'reminded', { reminders: { everyDays: 3, atMost: 2 } })
  await issueRow(130)
  await tell('issue.opened', 130)
  for (let day = 0; day < 14; day++) {
    stage.pass(DAY)
    await stage.tick()
  }
  const all = await heard('reminded')
  expect(all.map(({ data }) => data.title.startsWith('Still open: '))).toEqual([false, true, true])
  expect(new Set((await received('reminded')).map((one) => one.headers['webhook-id'])).size).toBe(3)
  await remove(channel.id)
})

test('reminders can be asked for later, and given up', async () => {
  const channel = await addWebhook(stage, 'reminded-later')
  await issueRow(131)
  await tell('issue.opened', 131)
  await stage.api('PATCH', `/channels/${channel.id}`, { reminders: { everyDays: 1 } })
  stage.pass(DAY)
  await stage.tick()
  expect(await received('reminded-later')).toHaveLength(2)
  // Asked for anew they begin anew.
  await stage.api('PATCH', `/channels/${channel.id}`, { reminders: { everyDays: 2 } })
  stage.pass(2 * DAY)
  await stage.tick()
  expect(await received('reminded-later')).toHaveLength(3)
  await stage.api('PATCH', `/channels/${channel.id}`, { reminders: null })
  stage.pass(5 * DAY)
  await stage.tick()
  expect(await received('reminded-later')).toHaveLength(3)
  await remove(channel.id)
})

test('nobody is reminded of an issue whose target was removed', async () => {
  const target = await stage.api<{ id: string }>('POST', '/targets', { address: '::1' })
  const channel = await addWebhook(stage, 'removed', { reminders: { everyDays: 1 } })
  await issueRow(132, 'open', null, target.body.id)
  await tell('issue.opened', 132)
  stage.pass(DAY)
  await stage.tick()
  expect(await received('removed')).toHaveLength(2)
  await stage.api('DELETE', `/targets/${target.body.id}`)
  stage.pass(3 * DAY)
  await stage.tick()
  await stage.api('PATCH', `/channels/${channel.id}`, { reminders: { everyDays: 2 } })
  stage.pass(3 * DAY)
  await stage.tick()
  expect(await received('removed')).toHaveLength(2)
  await remove(channel.id)
})

test('a snoozed issue says nothing, not even what had to wait', async () => {
  const hour = (add: number) => `${String((new Date(stage.now()).getUTCHours() + add) % 24).padStart(2, '0')}:00`
  const channel = await addWebhook(stage, 'snoozed', {
    quietHours: { from: hour(0), to: hour(2), timezone: 'UTC' },
    reminders: { everyDays: 1 },
  })
  await tell('issue.opened', 140)
  await issueRow(140, 'snoozed', stage.now() + 10 * DAY)
  stage.pass(3 * HOUR)
  await stage.tick()
  stage.pass(3 * DAY)
  await stage.tick()
  expect(await received('snoozed')).toEqual([])
  expect(await logOf(stage, channel)).toMatchObject([{ state: 'dropped' }])
  await remove(channel.id)
})

test('a probe that stays away is told once, and once more when it is back', async () => {
  const channel = await addWebhook(stage, 'probes')
  const [away, ...others] = (await openFleet(stage)) as [Probe, ...Probe[]]
  const minute = async (probes: Probe[]) => {
    stage.pass(MINUTE)
    for (const probe of probes) await probe.lease({ capacity: { scan: 0, short: 0, baseline: 0 } })
    await stage.tick()
  }
  for (let i = 0; i < 6; i++) await minute(others)
  expect(await types('probes')).toEqual([])
  for (let i = 0; i < 6; i++) await minute(others)
  expect(await heard('probes')).toMatchObject([
    { type: 'probe.offline', data: { probe: { id: away.id }, scansTouched: 0 } },
  ])
  for (let i = 0; i < 3; i++) await minute([away, ...others])
  expect(await types('probes')).toEqual(['probe.offline', 'probe.online'])

  // The Worker itself was away: every probe looks lost, and comes back before anybody is told.
  stage.pass(5 * HOUR)
  await stage.tick()
  for (let i = 0; i < 3; i++) await minute([away, ...others])
  expect(await types('probes')).toEqual(['probe.offline', 'probe.online'])
  await remove(channel.id)
})
