/** Threat: scanning other people’s hosts. A public address is touched only for a tenant that proved control of that address. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ScanAnswer } from '../../schema/api.ts'
import type { Fetched } from '../../schema/wire.ts'
import {
  type Country,
  controlOf,
  DAY,
  fetchAll,
  issuesOf,
  openCountry,
  openTenant,
  prove,
  serving,
  tokenOf,
} from './support/control.ts'

let stage: Country['stage']
let fleet: Country['fleet']
let names: Country['names']
let mine: Country['mine']
let theirs: Country['theirs']
let fresh: Country['fresh']
let alive: Country['alive']

beforeAll(async () => {
  ;({ stage, fleet, names, mine, theirs, fresh, alive } = await openCountry())
}, 120_000)
beforeEach(async () => {
  stage.pass(60_000)
  await alive()
})

describe('without a proof', () => {
  test('nothing is scanned, retested or proved', async () => {
    const target = await mine.add(fresh())
    expect(target.control).toMatchObject({ state: 'unproved', method: null, provedAt: null, addresses: [{}] })
    expect(await mine.scan(target.id)).toMatchObject({ status: 422, body: { code: 'unproved_address' } })
    expect(await mine.api('POST', `/targets/${target.id}/prove`, {})).toMatchObject({
      status: 422,
      body: { code: 'unproved_address' },
    })
    expect(await stage.count('runs')).toBe(0)
  })

  test('a target asks for 200 addresses and domains at most; what nobody proved makes room in 30 days', async () => {
    const target = await mine.add(fresh())
    const ask = (domain: string) => mine.wish(target.id, { method: 'reverse_dns', domain })
    const rowsOf = () => stage.count('controls', `target_id = '${target.id}'`)
    for (let i = 1; i < 200; i++) expect((await ask(`d${i}.example.net`)).status).toBe(200)
    expect(await rowsOf()).toBe(200)
    expect(await ask('more.example.net')).toMatchObject({ status: 409, body: { code: 'conflict' } })
    expect((await ask('more.example.net')).body.detail).toContain('200 addresses and domains')
    expect(await rowsOf()).toBe(200)
    // What stands may be asked for again, and keeps its token.
    const [before, after] = [await ask('d1.example.net'), await ask('d1.example.net')]
    expect(after).toMatchObject({ status: 200, body: { addresses: [before.body.addresses[0]] } })
    await stage.env.DB.prepare('UPDATE controls SET created_at = created_at - ? WHERE target_id = ?')
      .bind(31 * DAY, target.id)
      .run()
    expect((await ask('more.example.net')).status).toBe(200)
    expect(await rowsOf()).toBe(2)
  })

  test('a scheduled scan is skipped, and one issue says why; it closes on proof of control alone', async () => {
    const target = await mine.add(fresh(), { schedule: '* * * * *' })
    for (let minute = 0; minute < 3; minute++) {
      stage.pass(60_000)
      await stage.tick()
    }
    const [issue, ...more] = await issuesOf(mine, target.id)
    expect(more).toEqual([])
    expect(issue).toMatchObject({ finding: 'unproved', state: 'open' })
    expect(issue?.title).toContain(target.address)
    const { body: scans } = await mine.api<{ items: ScanAnswer[] }>('GET', `/scans?targetId=${target.id}`)
    expect(new Set(scans.items.map(({ failure }) => failure?.code))).toEqual(new Set(['unproved_address']))
    expect(await mine.api('POST', `/issues/${issue?.id}/retest`, {})).toMatchObject({ status: 409 })
    await alive()
    await prove(stage, fleet, mine, target.id)
    expect(await issuesOf(mine, target.id)).toMatchObject([{ finding: 'unproved', state: 'closed' }])
    await mine.api('DELETE', `/targets/${target.id}`)
  })

  test('an anchor is refused, and so is one whose proof has ended when the scan begins', async () => {
    const network = fresh().split('.').slice(0, 3).join('.')
    const anchors = [{ address: `${network}.9`, port: 443 }]
    expect(await mine.api('POST', '/targets', { address: `${network}.7`, anchors })).toMatchObject({
      status: 422,
      body: { code: 'unproved_address', errors: [{ field: 'anchors.0.address' }] },
    })
    const neighbour = await mine.add(`${network}.9`)
    await prove(stage, fleet, mine, neighbour.id)
    const target = await mine.add(`${network}.7`, { anchors })
    await prove(stage, fleet, mine, target.id)
    const anchored = async () => {
      const { body } = await mine.api<ScanAnswer>('POST', '/scans', { targetId: target.id })
      const row = await stage.env.DB.prepare('SELECT anchors FROM scans WHERE id = ?')
        .bind(body.id)
        .first<{ anchors: string }>()
      await mine.api('POST', `/scans/${body.id}/cancel`, {})
      return JSON.parse(row?.anchors ?? 'null')
    }
    expect(await anchored()).toEqual(anchors)
    await stage.env.DB.prepare('UPDATE controls SET expires_at = 1 WHERE subject = ?').bind(`${network}.9`).run()
    expect(await anchored()).toEqual([])
  })
})

test('looks are no search of a network: a tenant has sixty in an hour', async () => {
  const searching = await openTenant(stage, 'searching')
  const [first, last] = [await searching.add(fresh()), await searching.add(fresh())]
  await searching.wish(first.id)
  expect((await searching.check(first.id)).status).toBe(202)
  const look = await stage.env.DB.prepare('SELECT * FROM scans WHERE tenant_id = ? AND control IS NOT NULL')
    .bind(searching.id)
    .first<Record<string, unknown>>()
  const columns = Object.keys(look ?? {})
  for (let n = 1; n < 60; n++)
    await stage.env.DB.prepare(
      `INSERT INTO scans (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    )
      .bind(...Object.values({ ...look, id: `scn_${n}`, target_id: `tgt_${n}`, finished_at: 1, state: 'finished' }))
      .run()
  await searching.wish(last.id)
  expect(await searching.check(last.id)).toMatchObject({ status: 429, body: { code: 'too_soon' } })
  // What counts is addresses: a name may have eight of them in one look.
  const lookedAt = (ids: string, addresses: readonly string[]) =>
    stage.env.DB.prepare(
      `UPDATE scans SET addresses = ? WHERE tenant_id = ? AND control IS NOT NULL AND id IN (${ids})`,
    )
      .bind(JSON.stringify(addresses), searching.id)
      .run()
  await stage.env.DB.prepare(
    // The id of the first look is long, and may begin with a figure too.
    'DELETE FROM scans WHERE tenant_id = ? AND control IS NOT NULL AND length(id) < 7 AND CAST(substr(id, 5) AS INTEGER) > 7',
  )
    .bind(searching.id)
    .run()
  await lookedAt("'scn_1','scn_2','scn_3','scn_4','scn_5','scn_6','scn_7'", Array(8).fill('192.0.2.1'))
  // 57 by now: of four that are asked for at once three may begin.
  const several = [last, await searching.add(fresh()), await searching.add(fresh()), await searching.add(fresh())]
  for (const one of several) await searching.wish(one.id)
  const answers = await Promise.all(several.map((one) => searching.check(one.id)))
  expect(answers.map(({ status }) => status).filter((status) => status === 202)).toHaveLength(3)
  await fetchAll(fleet, serving('nothing'))
  stage.pass(3_600_000)
  await alive()
  expect((await searching.check(last.id)).status).toBe(202)
  await fetchAll(fleet, serving('nothing'))
})

describe('a token served by the address', () => {
  test('is fetched by probes of three sites, and proves it for 30 days and for one tenant', async () => {
    const address = fresh()
    const target = await mine.add(address)
    const { status, body } = await mine.wish(target.id)
    expect(status).toBe(200)
    expect(body.addresses[0]?.task).toMatchObject({
      url: `http://${address}/.well-known/portwitness-verification.txt`,
      content: expect.stringMatching(/^portwitness-verification=[0-9a-f]{40}$/),
    })
    const checked = await mine.check(target.id)
    expect(checked).toMatchObject({ status: 202, body: { checking: true } })
    const runs = await fetchAll(fleet, serving(`hello\r\n  ${tokenOf(body)}  \r\n`))
    expect(runs.length).toBe(3)
    for (const run of runs) {
      expect(run.plan).toEqual({
        kind: 'control',
        targetId: target.id,
        fetches: [{ address, port: 80 }],
        timeoutMs: expect.any(Number),
      })
      // Neither the token that is looked for, nor the one that a tenant's targets are shown.
      expect(JSON.stringify(run)).not.toContain(tokenOf(body))
      expect(run.proofToken).toBeUndefined()
    }
    expect(await controlOf(mine, target.id)).toMatchObject({
      state: 'proved',
      method: 'http',
      provedAt: new Date(stage.now()).toISOString(),
      expiresAt: new Date(stage.now() + 30 * DAY).toISOString(),
      checking: false,
      problem: null,
    })
    expect((await mine.scan(target.id)).status).toBe(202)
    const same = await theirs.add(address)
    expect(same.control.state).toBe('unproved')
    expect(await theirs.scan(same.id)).toMatchObject({ status: 422, body: { code: 'unproved_address' } })
    const { body: other } = await theirs.wish(same.id)
    expect(tokenOf(other)).not.toBe(tokenOf(body))
    // What one tenant had served proves nothing for another.
    await theirs.check(same.id)
    await fetchAll(fleet, serving(tokenOf(body)))
    expect(await controlOf(theirs, same.id)).toMatchObject({ state: 'unproved', problem: { code: 'wrong_content' } })
  })

  test.each([
    ['another status', () => ({ status: 404 }), 'bad_status'],
    ['a redirect to the token', () => ({ status: 301 }), 'redirected'],
    ['the token amid other text', (token: string) => ({ status: 200, text: `your ${token} is here` }), 'wrong_content'],
    ['the token with more behind it', (token: string) => ({ status: 200, text: `${token}0` }), 'wrong_content'],
    ['the token under status 404', (token: string) => ({ status: 404, text: token }), 'bad_status'],
    ['nothing', () => ({ code: 'ECONNREFUSED' }), 'not_reached'],
    ['a refusal for both', () => ({ status: 403 }), 'bad_status'],
  ] as const)('%s proves nothing', async (_, says, code) => {
    const target = await mine.add(fresh())
    const { body } = await mine.wish(target.id)
    await mine.check(target.id)
    await fetchAll(fleet, () => says(tokenOf(body)))
    expect(await controlOf(mine, target.id)).toMatchObject({ state: 'unproved', checking: false, problem: { code } })
    expect((await mine.scan(target.id)).status).toBe(422)
  })

  test('two views that differ prove nothing: who sits on one way does not sit on the other', async () => {
    const target = await mine.add(fresh())
    const { body } = await mine.wish(target.id)
    await mine.check(target.id)
    let first = true
    await fetchAll(fleet, () => {
      const said = first ? { status: 200, text: tokenOf(body) } : { status: 404 }
      first = false
      return said
    })
    expect(await controlOf(mine, target.id)).toMatchObject({ state: 'unproved', problem: { code: 'views_differ' } })
  })

  /** As many of the probes as `sees` says read the token; the others are turned away. */
  async function seenBy(sees: number, otherwise: Pick<Fetched, 'status' | 'code'>) {
    const target = await mine.add(fresh())
    const { body } = await mine.wish(target.id)
    await mine.check(target.id)
    let asked = 0
    await fetchAll(fleet, () => (asked++ < sees ? { status: 200, text: tokenOf(body) } : otherwise))
    return controlOf(mine, target.id)
  }

  test('a view that was turned away does not stand against two that read the token', async () => {
    expect((await seenBy(2, { status: 403 })).state).toBe('proved')
    expect((await seenBy(2, { code: 'ETIMEDOUT' })).state).toBe('proved')
  })

  test('one that read it where the others see nothing proves nothing, and is told why', async () => {
    for (const otherwise of [{ status: 403 }, { code: 'ETIMEDOUT' }]) {
      const { state, problem } = await seenBy(1, otherwise)
      expect({ state, problem }).toMatchObject({ state: 'unproved', problem: { code: 'one_view' } })
      expect(problem?.detail).toContain('read the token, and two sites must')
    }
  })

  test('may stand on a port of the administrator’s, and on no other', async () => {
    const target = await mine.add(fresh())
    expect(await mine.wish(target.id, { port: 8080 })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'port' }] },
    })
    const { body } = await mine.wish(target.id, { port: 443 })
    expect(body.addresses[0]?.task?.url).toMatch(/^https:\/\/45/)
    await mine.check(target.id)
    const runs = await fetchAll(fleet, serving(tokenOf(body)))
    expect(runs[0]?.plan).toMatchObject({ fetches: [{ port: 443 }] })
    expect((await controlOf(mine, target.id)).state).toBe('proved')
  })

  test('a probe can speak of no address and no port that its run does not name, and of nothing else', async () => {
    const target = await mine.add(fresh())
    await mine.wish(target.id)
    await mine.check(target.id)
    for (const probe of fleet) {
      const { runs } = await probe.lease({ allowPrivate: false })
      for (const run of runs.filter(({ kind }) => kind === 'control')) {
        const say = (fetched: object[], more: object = {}) =>
          probe.say('result', {
            ...{ runId: run.runId, epoch: run.epoch, seq: 1, observations: [], spans: [], found: [], outcome: 'done' },
            ...{ fetched, ...more },
          })
        const one = { address: target.address, port: 80, afterMs: 1 }
        expect((await say([{ ...one, address: '45.33.200.1' }])).status).toBe(422)
        expect((await say([{ ...one, port: 81 }])).status).toBe(422)
        expect((await say([one], { output: 'text' })).status).toBe(422)
        expect((await say(Array(9).fill(one))).status).toBe(422)
        expect((await say([{ ...one, body: btoa('x'.repeat(1_100)) }])).status).toBe(422)
        expect((await say([one])).status).toBe(200)
      }
    }
  })

  test('a look that nobody comes home from ends by itself, and is asked for once at a time', async () => {
    const target = await mine.add(fresh())
    expect(await mine.check(target.id)).toMatchObject({ status: 409 })
    await mine.wish(target.id)
    expect((await mine.check(target.id)).status).toBe(202)
    expect(await mine.check(target.id)).toMatchObject({ status: 429, body: { code: 'too_soon' } })
    stage.pass(30_000)
    expect((await mine.check(target.id)).status).toBe(409)
    stage.pass(150_000)
    await alive()
    await stage.tick()
    expect(await controlOf(mine, target.id)).toMatchObject({ checking: false, problem: { code: 'no_report' } })
    expect(await stage.count('scans', `lane = '/control' AND finished_at IS NULL AND target_id = '${target.id}'`)).toBe(
      0,
    )
    expect((await mine.api<{ items: unknown[] }>('GET', `/scans?targetId=${target.id}`)).body.items).toEqual([])
  })
})

describe('the reverse name', () => {
  const reverse = (address: string) => `${address.split('.').toReversed().join('.')}.in-addr.arpa`

  test('proves an address when the domain is the tenant’s, the name lies in it, and it leads back', async () => {
    const address = fresh()
    const target = await mine.add(address)
    expect(await mine.wish(target.id, { method: 'reverse_dns' })).toMatchObject({ status: 422 })
    const { body } = await mine.wish(target.id, { domain: 'Owned.Example' })
    expect(body.addresses[0]?.task).toMatchObject({ record: '_portwitness-challenge.owned.example' })
    const look = async () => {
      stage.pass(30_000)
      return (await mine.check(target.id)).body
    }
    expect((await look()).problem).toMatchObject({ code: 'txt_missing' })
    names.txt['_portwitness-challenge.owned.example'] = ['v=spf1 -all', tokenOf(body)]
    expect((await look()).problem).toMatchObject({ code: 'ptr_missing' })
    names.ptr[reverse(address)] = ['host.notowned.example.', 'xowned.example.']
    expect((await look()).problem).toMatchObject({ code: 'ptr_outside' })
    names.ptr[reverse(address)] = ['Host.Owned.Example.']
    names.addresses['host.owned.example'] = ['45.33.250.1']
    expect((await look()).problem).toMatchObject({ code: 'ptr_unconfirmed' })
    names.isDown = true
    // Its own address needs no name server; what is asked of the records is not answered.
    expect((await look()).problem).toMatchObject({ code: 'dns_unanswered' })
    names.isDown = false
    expect((await mine.scan(target.id)).status).toBe(422)
    names.addresses['host.owned.example'] = ['45.33.250.1', address]
    expect(await look()).toMatchObject({ state: 'proved', method: 'reverse_dns', problem: null })
    expect((await mine.scan(target.id)).status).toBe(202)
  })

  test('a domain that somebody else proved, or whose record alone is there, proves no address', async () => {
    const address = fresh()
    const target = await mine.add(address)
    const own = tokenOf((await mine.wish(target.id, { domain: 'shared.example' })).body)
    names.txt['_portwitness-challenge.shared.example'] = [own]
    names.ptr[reverse(address)] = ['a.shared.example']
    names.addresses['a.shared.example'] = [address]
    expect((await mine.check(target.id)).body.state).toBe('proved')
    const same = await theirs.add(address)
    await theirs.wish(same.id, { domain: 'shared.example' })
    expect((await theirs.check(same.id)).body).toMatchObject({ state: 'unproved', problem: { code: 'txt_missing' } })
    // A name that is the tenant's leads to an address that is not.
    names.addresses['www.owned2.example'] = ['45.33.251.9']
    const named = await mine.add('www.owned2.example')
    const { body } = await mine.wish(named.id, { domain: 'owned2.example' })
    names.txt['_portwitness-challenge.owned2.example'] = [tokenOf(body)]
    expect((await mine.check(named.id)).body).toMatchObject({ state: 'unproved', problem: { code: 'ptr_missing' } })
    expect(await mine.scan(named.id)).toMatchObject({ status: 422, body: { code: 'unproved_address' } })
  })
})

test('the kill switch keeps looks from being asked for and from being carried out', async () => {
  const target = await mine.add(fresh())
  await mine.wish(target.id)
  await mine.check(target.id)
  await stage.api('PUT', '/kill-switch', { stopped: true })
  expect(await fetchAll(fleet, () => ({ status: 404 }))).toEqual([])
  stage.pass(30_000)
  expect(await mine.check(target.id)).toMatchObject({ status: 409, body: { code: 'scanning_stopped' } })
  await stage.api('PUT', '/kill-switch', { stopped: false })
})

test.each([
  ['its address opts out', (address: string) => stage.api('POST', '/opt-outs', { cidr: `${address}/32` })],
  ['everything is stopped', () => stage.api('PUT', '/kill-switch', { stopped: true })],
])('a look under way is ended when %s', async (_, ends) => {
  const target = await mine.add(fresh())
  await mine.wish(target.id)
  await mine.check(target.id)
  const [held] = (
    await Promise.all(
      fleet.map(async (probe) => {
        const { runs } = await probe.lease({ allowPrivate: false })
        return runs.filter(({ kind }) => kind === 'control').map((run) => ({ probe, run }))
      }),
    )
  ).flat()
  if (!held) throw new Error('nobody looks')
  const { runId, epoch } = held.run
  const renew = async (seq: number) => {
    const report = { runId, epoch, seq, observations: [], spans: [], found: [] }
    const { status, body } = await held.probe.say<{ do: string }>('renew', report)
    return status === 200 ? body.do : status
  }
  expect(await renew(1)).toBe('continue')
  await ends(target.address)
  expect(['stop', 410]).toContain(await renew(2))
  await stage.api('PUT', '/kill-switch', { stopped: false })
})

test('one tenant sees and proves nothing of another’s targets', async () => {
  const target = await mine.add(fresh())
  for (const [method, path] of [
    ['GET', 'verification'],
    ['POST', 'verification'],
    ['POST', 'verification/check'],
  ] as const)
    expect(await theirs.api(method, `/targets/${target.id}/${path}`, method === 'POST' ? {} : undefined)).toMatchObject(
      {
        status: 404,
      },
    )
})
