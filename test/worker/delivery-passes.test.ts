/** One pass over the channels of all tenants: how much it does, and for whom. */
import { beforeAll, describe, expect, test } from 'vitest'
import { budgetFor, drainDue } from '../../worker/deliver/drain.ts'
import { spreadNotices } from '../../worker/deliver/spread.ts'
import { worldOf } from '../../worker/world.ts'
import { addWebhook, logOf, news, put, received } from './support/channels.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ ALLOW_LOCAL_RECEIVERS: '1' })
})

const ids = async (name: string) => (await received(name)).map((one) => one.headers['webhook-id'])

describe('a pass over all channels', () => {
  test('makes no more queries than it may, and says that something is left', async () => {
    const channel = await addWebhook(stage, 'budget')
    for (let n = 300; n < 320; n++) await put(stage, news(stage, 'issue.opened', n))
    const world = worldOf(stage.env, stage.now(), () => undefined)
    await spreadNotices(world, 100, null)
    stage.queries()
    const isLeft = await drainDue(world, null, stage.now() + 30_000, budgetFor(10))
    expect(stage.queries()).toBeLessThanOrEqual(50)
    expect(isLeft).toBe(true)
    const sent = (await received('budget')).length
    expect(sent).toBeGreaterThanOrEqual(6)
    expect(sent).toBeLessThanOrEqual(16)
    for (let i = 0; i < 3; i++) await stage.tick()
    expect(await logOf(stage, channel)).toHaveLength(20)
    expect(await ids('budget')).toHaveLength(20)
    await stage.api('DELETE', `/channels/${channel.id}`)
  })

  test('leaves lanes to the others when a tenant has many that take their time', async () => {
    const { body: other } = await stage.api<{ key: string; id: string }>('POST', '/tenants', { name: 'slow' })
    for (let n = 0; n < 6; n++) await addWebhook(stage, `takes-its-time-${n}`, {}, other.key)
    const quick = await addWebhook(stage, 'soon')
    for (let n = 330; n < 334; n++) await put(stage, news(stage, 'issue.opened', n), other.id)
    for (let n = 340; n < 346; n++) await put(stage, news(stage, 'issue.opened', n))
    const world = worldOf(stage.env, stage.now(), () => undefined)
    await spreadNotices(world, 100, null)
    // Ten times as fast as real time.
    const began = performance.now()
    const clock = () => stage.now() + Math.round((performance.now() - began) * 10)
    const seen: string[] = []
    const post: typeof world.post = async ({ url }) => {
      const isSlow = url.includes('takes-its-time')
      await new Promise((resolve) => setTimeout(resolve, isSlow ? 700 : 1))
      seen.push(url.split('/').at(-1) ?? '')
      return { status: 200, headers: {}, body: '' }
    }
    await drainDue({ ...world, clock, post }, null, stage.now() + 30_000, budgetFor(200))
    const soon = seen.filter((who) => who === 'soon')
    const slow = seen.filter((who) => who !== 'soon')
    expect(soon).toHaveLength(6)
    // One message of each before the second of any.
    expect(new Set(slow.slice(0, 4)).size).toBe(Math.min(4, slow.length))
    expect(await stage.count('channels', `tenant_id = '${other.id}' AND took_ms > 2000`)).toBeGreaterThan(0)
    await stage.env.DB.prepare('DELETE FROM deliveries WHERE tenant_id = ?').bind(other.id).run()
    await stage.env.DB.prepare('DELETE FROM channels WHERE tenant_id = ?').bind(other.id).run()
    await stage.api('DELETE', `/channels/${quick.id}`)
  })

  test('lets a slow channel have its turn while quick ones have more to send than a pass may', async () => {
    const { body: other } = await stage.api<{ key: string; id: string }>('POST', '/tenants', { name: 'patient' })
    const slow = await addWebhook(stage, 'patient', {}, other.key)
    const quick = [0, 1, 2, 3, 4, 5, 6]
    const tenants: { key: string; id: string }[] = []
    for (const n of quick) {
      const { body } = await stage.api<{ key: string; id: string }>('POST', '/tenants', { name: `busy ${n}` })
      await addWebhook(stage, `busy-${n}`, {}, body.key)
      tenants.push(body)
    }
    await stage.env.DB.prepare('UPDATE channels SET took_ms = 5000 WHERE id = ?').bind(slow.id).run()
    await put(stage, news(stage, 'issue.opened', 360), other.id)
    for (const { id } of tenants) for (let n = 370; n < 382; n++) await put(stage, news(stage, 'issue.opened', n), id)
    const world = worldOf(stage.env, stage.now(), () => undefined)
    for (let i = 0; i < 4; i++) await spreadNotices(world, 100, null)
    const seen: string[] = []
    const post: typeof world.post = async ({ url }) => {
      seen.push(url.split('/').at(-1) ?? '')
      return { status: 200, headers: {}, body: '' }
    }
    // As few channels are taken up as there are lanes; the quick ones alone would fill them.
    await drainDue({ ...world, post }, null, stage.now() + 30_000, budgetFor(3))
    expect(seen).toContain('patient')
    expect(seen.filter((who) => who.startsWith('busy')).length).toBeGreaterThan(0)
    expect(await stage.count('deliveries', `tenant_id = '${other.id}' AND ended_at IS NULL`)).toBe(0)
    for (const { id } of [other, ...tenants]) {
      await stage.env.DB.prepare('DELETE FROM deliveries WHERE tenant_id = ?').bind(id).run()
      await stage.env.DB.prepare('DELETE FROM channels WHERE tenant_id = ?').bind(id).run()
    }
  })
})
