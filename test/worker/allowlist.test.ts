import type { InferOutput } from 'valibot'
import { beforeAll, describe, expect, test } from 'vitest'
import type { AllowlistFormats, AllowlistOffer } from '../../schema/allowlist.ts'
import type { TargetAnswer } from '../../schema/api.ts'
import type { Judgement, PortVerdict } from '../../schema/judgement.ts'
import { FORMATS } from '../../worker/core/remedies/remedy.ts'
import { remediationOf } from '../../worker/core/remedy.ts'
import { KEY, openStage, type Stage } from './support/stage.ts'

interface Problem {
  code: string
  detail: string
  formats: string[]
  errors: { field: string; detail: string }[]
}

const ISSUE = 'iss_0000000000000allow01'
const SCAN = 'scn_0000000000000allow01'
let stage: Stage
let target: TargetAnswer

const range = (cidr: string, site: string, state: string, isPublic: 0 | 1, purpose = 'scan') =>
  stage.env.DB.prepare(
    `INSERT INTO ranges (tenant_id, id, cidr, site, country, provider, state, is_public, purpose, announced_at, active_from)
      VALUES ('ten_default', ?, ?, ?, 'DE', 'acme', ?, ?, ?, 1, 2)`,
  ).bind(`rng_${cidr}`, cidr, site, state, isPublic, purpose)

const lost = (port: number, mechanism: 'fail2ban' | 'geo_policy'): PortVerdict => {
  const cause = {
    class: mechanism === 'fail2ban' ? ('ips' as const) : ('firewall_policy' as const),
    mechanism,
    vendor: null,
    confidence: 0.86,
    alternatives: [{ class: 'ips' as const, mechanism: 'crowdsec' as const, confidence: 0.09 }],
    indistinguishable: [],
    askOwner: null,
  }
  return {
    address: '127.0.40.9',
    port,
    transport: 'tcp',
    service: 'ssh',
    firstSeenOpenAt: 1,
    verdict: 'interfered',
    strength: 'confirmed',
    recheck: null,
    lostAt: 2,
    fastAt: 3,
    confirmedAt: 4,
    eValue: 1_000,
    llr: 5,
    connects: 30,
    recovery: null,
    recoveredBetween: null,
    cause,
    evidence: [],
    coverage: { reachableSeconds: 1, lostSeconds: 1, share: 0.5 },
    remediation: remediationOf(cause),
    probes: [],
  }
}

beforeAll(async () => {
  stage = await openStage()
  const { body } = await stage.api<TargetAnswer>('POST', '/targets', {
    address: '127.0.40.9',
    ports: '22',
    sites: ['nyc-1'],
  })
  target = body
  const judgement = { ports: [lost(22, 'fail2ban'), lost(80, 'fail2ban')] } as unknown as Judgement
  const panel = [{ probeId: 'prb_x', role: 'scanner', site: 'fra-1', sourceAddress: '127.0.50.7' }]
  const { DB } = stage.env
  await DB.batch([
    range('198.51.100.0/28', 'fra-1', 'active', 1),
    range('2001:db8:100::/48', 'fra-1', 'announced', 1),
    range('203.0.113.8/32', 'nyc-1', 'retiring', 1),
    range('203.0.113.9/32', 'nyc-1', 'retired', 1),
    range('192.0.2.0/24', 'sin-1', 'active', 1),
    range('192.0.3.0/28', 'fra-1', 'active', 1, 'recheck'),
    range('192.0.4.0/28', 'fra-1', 'active', 1, 'webhook'),
    range('10.1.2.0/24', 'nyc-1', 'active', 0),
    range('10.1.3.0/24', 'nyc-1', 'active', 0, 'webhook'),
    DB.prepare(
      `INSERT INTO scans (tenant_id, id, target_id, site, due_key, state, profile, addresses, networks, ports, ports_asked, max_connects_per_second,
        scanner_probe_id, panel, created_at, due_at, finished_at, deadline_at, alarms, judgement)
        VALUES ('ten_default', ?, ?, 'fra-1', '', 'finished', 'standard', '[]', '[]', '22', 1, 1, 'prb_x', ?, 1, 1, 2, 3, '[]', ?)`,
    ).bind(SCAN, target.id, JSON.stringify(panel), JSON.stringify(judgement)),
    DB.prepare(
      "INSERT INTO issues (tenant_id, id, target_id, finding, state, title, opened_at, restated_at, last_scan_id) VALUES ('ten_default', ?, ?, 'interference', 'open', 't', 1, 1, ?)",
    ).bind(ISSUE, target.id, SCAN),
    ...[22, 80].map((port) =>
      DB.prepare(
        "INSERT INTO occurrences (tenant_id, issue_id, id, scan_id, address, port, seen_at) VALUES ('ten_default', ?, ?, ?, '127.0.40.9', ?, 1)",
      ).bind(ISSUE, `occ_allow${port}`, SCAN, port),
    ),
  ])
})

describe('published allowlists', () => {
  test('are there in every format, without a key, with the ranges that are alive and scan, and no private one', async () => {
    for (const format of FORMATS) {
      const answer = await stage.fetch(`/ip-ranges/${format}`)
      const text = await answer.text()
      expect([format, answer.status]).toEqual([format, 200])
      expect(answer.headers.get('content-type')).toMatch(/^text\/(plain|csv); charset=utf-8$/)
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      for (const part of ['198.51.100.0', '2001:db8:100::', '203.0.113.8', '192.0.2.0', '192.0.3.0'])
        expect(text).toContain(part)
      for (const part of ['203.0.113.9', '10.1.2.0', '192.0.4.0']) expect(text).not.toContain(part)
      const again = await stage.fetch(`/ip-ranges/${format}`, {
        headers: { 'if-none-match': answer.headers.get('etag') ?? '' },
      })
      expect([format, again.status]).toEqual([format, 304])
    }
  })

  test('are told apart by a list that says where each goes', async () => {
    const answer = await stage.fetch('/ip-ranges/formats')
    const { items } = (await answer.json()) as InferOutput<typeof AllowlistFormats>
    expect(items.map(({ format }) => format)).toEqual([...FORMATS])
    for (const item of items) {
      expect(item.where.length).toBeGreaterThan(0)
      expect(item.check.length).toBeGreaterThan(0)
      expect(item.undo.length).toBeGreaterThan(0)
      expect(item.href).toBe(`/ip-ranges/${item.format}`)
    }
  })

  test('can be had for one family, with an end, or for the scanner alone', async () => {
    const text = async (query: string) => (await stage.fetch(`/ip-ranges/nginx?${query}`)).text()
    expect(await text('family=4')).not.toContain('2001:db8')
    expect(await text('family=6')).not.toContain('198.51.100')
    expect(await text('expires=2026-12-31')).toContain('Expires: 2026-12-31T00:00:00.000Z')
    const allow = async (query: string) => (await stage.fetch(`/ip-ranges/nginx-allow?${query}`)).text()
    expect(await allow('')).not.toContain('deny all;')
    expect(await allow('exclusive=true')).toContain('deny all;')
  })

  test.each([
    ['nginx?family=5', 422, 'family'],
    ['nginx?exclusive=perhaps', 422, 'exclusive'],
    ['fail2ban?exclusive=true', 422, 'exclusive'],
    ['nginx?expires=tomorrow', 422, 'expires'],
    ['nginx?expires=2020-01-01', 422, 'expires'],
    ['nginx?expires=2999-01-01', 422, 'expires'],
  ])('%s is refused', async (path, status, field) => {
    const answer = await stage.fetch(`/ip-ranges/${path}`)
    expect([answer.status, ((await answer.json()) as Problem).errors[0]?.field]).toEqual([status, field])
  })

  test.each(['constructor', '__proto__', 'NGINX', 'nginx.conf'])(
    'an unknown format is answered with the known ones: %s',
    async (word) => {
      const answer = await stage.fetch(`/ip-ranges/${word}`)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
      expect(((await answer.json()) as Problem).formats).toEqual([...FORMATS])
    },
  )
})

describe('the allowlist of an issue', () => {
  test('is offered in the formats that fit the defence found, best first', async () => {
    const { status, body } = await stage.api<AllowlistOffer>('GET', `/issues/${ISSUE}/allowlist`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ issueId: ISSUE, target: '127.0.40.9', ports: [22, 80], sites: ['fra-1', 'nyc-1'] })
    expect(body.items.map(({ format }) => format)).toEqual(['fail2ban', 'crowdsec', 'crowdsec-allowlist'])
    expect(body.items.length + body.others.length).toBe(FORMATS.length)
    expect(body.items[0]?.where.join(' ')).toContain('fail2ban-client unban 127.0.50.7')
  })

  const offer = async () => (await stage.api<AllowlistOffer>('GET', `/issues/${ISSUE}/allowlist`)).body
  const seenBy = (sourceAddress: string, others: string[] = []) => {
    const panel = [sourceAddress, ...others].map((address, i) => ({
      ...{ probeId: `prb_${i}`, role: i === 0 ? 'scanner' : 'witness' },
      ...{ site: i === 0 ? 'fra-1' : 'sin-1', sourceAddress: address },
    }))
    return stage.env.DB.prepare('UPDATE scans SET panel = ? WHERE id = ?').bind(JSON.stringify(panel), SCAN).run()
  }
  const lostAt = (address: string) =>
    stage.env.DB.prepare('UPDATE occurrences SET address = ? WHERE issue_id = ?').bind(address, ISSUE).run()
  const PUBLIC = ['192.0.3.0/28', '198.51.100.0/28', '203.0.113.8/32', '2001:db8:100::/48']

  test('of a private target holds the private addresses of the sites that scan it, and public ones where those reach it', async () => {
    expect((await offer()).ranges).toEqual(['10.1.2.0/24', '127.0.50.7/32'])
    await seenBy('127.0.50.7', ['9.9.9.9'])
    const { ranges, leftOut } = await offer()
    expect(ranges).toEqual(['10.1.2.0/24', '127.0.50.7/32', ...PUBLIC])
    expect(leftOut).toEqual([])
    const { body: text } = await stage.api<string>('GET', `/issues/${ISSUE}/allowlist/plain`)
    expect(text).toBe(ranges.map((one) => `${one}\n`).join(''))
    await seenBy('127.0.50.7')
  })

  test('of a public target holds no private address, whatever scanned it', async () => {
    await lostAt('9.9.1.1')
    expect((await offer()).ranges).toEqual(PUBLIC)
    for (const format of FORMATS) {
      const { body } = await stage.api<string>('GET', `/issues/${ISSUE}/allowlist/${format}`)
      expect(body).not.toMatch(/10\.1\.[23]\.|127\.0\.50/)
    }
    await lostAt('127.0.40.9')
  })

  test('leaves out an address that scanned and is ours no more, and says so', async () => {
    await lostAt('9.9.1.1')
    await seenBy('9.9.8.7')
    const { ranges, leftOut, items } = await offer()
    expect(ranges).toEqual(PUBLIC)
    expect(leftOut).toMatchObject([
      { address: '9.9.8.7', detail: expect.stringContaining('take it off your allowlist') },
    ])
    expect(JSON.stringify(items)).not.toContain('9.9.8.7')
    const { body } = await stage.api<string>('GET', `/issues/${ISSUE}/allowlist/fail2ban`)
    expect(body).toMatch(/^# Left out: 9\.9\.8\.7 /m)
    // Taken up again, even for a site that is not among those asked: then it is ours.
    await range('9.9.8.0/24', 'sin-1', 'active', 1).run()
    expect(await offer()).toMatchObject({ leftOut: [], ranges: expect.arrayContaining(['9.9.8.7/32']) })
    await stage.env.DB.prepare("UPDATE ranges SET state = 'retired' WHERE cidr = '9.9.8.0/24'").run()
    expect((await offer()).leftOut).toHaveLength(1)
    await lostAt('127.0.40.9')
    await seenBy('127.0.50.7')
  })

  test('is filled in for its target and ports, and is a download of its own name', async () => {
    const { body, headers } = await stage.api<string>('GET', `/issues/${ISSUE}/allowlist/fail2ban?expires=2026-12-31`)
    expect(body).toContain(`# For issue ${ISSUE}: target 127.0.40.9, lost ports 22, 80\n`)
    expect(body).toContain('Expires: 2026-12-31T00:00:00.000Z')
    expect(headers.get('content-disposition')).toBe('inline; filename="portwitness.local"')
    expect(headers.get('cache-control')).toBe('private, no-store')
    const { body: group } = await stage.api<string>('GET', `/issues/${ISSUE}/allowlist/aws-security-group`)
    expect(group).toMatch(/from_port +=\s22\n.*to_port +=\s22\n/)
    // What bans counts on every port; what is shut by a rule is opened where it was lost.
    const { body: banned } = await stage.api<string>('GET', `/issues/${ISSUE}/allowlist/nftables`)
    expect(banned).not.toMatch(/^[^#]*dport \{/m)
    expect(banned).toContain('to open some alone: write tcp dport { 22, 80 } before counter')
    const shut = JSON.stringify({ ports: [lost(22, 'geo_policy'), lost(80, 'geo_policy')] })
    await stage.env.DB.prepare('UPDATE scans SET judgement = ? WHERE id = ?').bind(shut, SCAN).run()
    const { body: opened } = await stage.api<string>('GET', `/issues/${ISSUE}/allowlist/nftables`)
    expect(opened).toContain('tcp dport { 22, 80 } counter accept')
  })

  test('is its tenant’s alone, and wants a key', async () => {
    const { body: tenant } = await stage.api<{ key: string }>('POST', '/tenants', { name: 'other' })
    for (const path of ['', '/fail2ban'])
      expect((await stage.api('GET', `/issues/${ISSUE}/allowlist${path}`, undefined, tenant.key)).status).toBe(404)
    expect((await stage.fetch(`/api/v1/issues/${ISSUE}/allowlist`)).status).toBe(401)
    const { status, body } = await stage.api<Problem>('GET', `/issues/${ISSUE}/allowlist/pancake`)
    expect([status, body.formats]).toEqual([404, [...FORMATS]])
  })

  test('is shown on the page of the issue, with its download', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
    const signed = await stage.fetch('/signin', {
      method: 'POST',
      headers: form,
      body: new URLSearchParams({ key: KEY }),
    })
    const cookie = signed.headers.get('set-cookie')?.split(';')[0] ?? ''
    const shut = JSON.stringify({ ports: [lost(22, 'fail2ban')] })
    await stage.env.DB.prepare('UPDATE scans SET judgement = ? WHERE id = ?').bind(shut, SCAN).run()
    const page = await (await stage.fetch(`/issues/${ISSUE}`, { headers: { cookie } })).text()
    const href = `/api/v1/issues/${ISSUE}/allowlist/fail2ban`
    expect(page).toContain(`<a class="button" href="${href}" download="portwitness.local">`)
    expect(page).toContain('ignoreip = 127.0.0.1/8 ::1')
    const text = await (await stage.fetch(href, { headers: { cookie } })).text()
    expect(text).toMatch(/^# Portwitness: fail2ban/)
  })
})
