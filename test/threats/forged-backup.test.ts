/** Threat: a backup of one tenant that was made up. Whoever had the file wrote what pleased them; the operator puts it back. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ScanAnswer } from '../../schema/api.ts'
import type { BackupTable } from '../../schema/backup.ts'
import { NEWEST_MIGRATION } from '../../schema/stack.ts'
import { type Country, openCountry, openTenant, prove } from './support/control.ts'

let country: Country
let stage: Country['stage']
let fresh: Country['fresh']

beforeAll(async () => {
  country = await openCountry()
  ;({ stage, fresh } = country)
}, 120_000)
beforeEach(async () => {
  stage.pass(60_000)
  await country.alive()
})

// A story that breaks off leaves no restore behind.
afterEach(async () => {
  await stage.api('DELETE', '/restore')
  await stage.api('PUT', '/kill-switch', { stopped: false })
})

const begin = (tenantId: string) =>
  stage.api('POST', '/restore', { format: 1, migration: NEWEST_MIGRATION, tenant: tenantId })
const put = (table: BackupTable['name'], rows: object[]) =>
  stage.api<{ rows: number; ended: number; code: string; detail: string; errors: { field: string }[] }>(
    ...(['POST', '/restore/rows', { table, rows }] as const),
  )
/** The restore is ended, and whoever restored lets scanning go on. */
async function goOn() {
  expect((await stage.api('DELETE', '/restore')).status).toBe(204)
  expect((await stage.api('PUT', '/kill-switch', { stopped: false })).status).toBe(200)
}
/** A tenant that is about to get a file, with rows that fit together. */
async function openRestore(name: string) {
  const tenant = await openTenant(stage, name)
  expect((await begin(tenant.id)).status).toBe(200)
  const { sourceAddress, id: probeId, site } = country.fleet[0] as Country['fleet'][number]
  const own = { tenant_id: tenant.id }
  const target = (id: string, address: string) => ({
    ...{ ...own, id, address, ports: '443', timezone: 'UTC', sites: '[]', profile: 'standard' },
    ...{ max_connects_per_second: 100, anchors: '[]', tags: '[]', created_at: stage.now(), scanners: '{}' },
    last_known: '{}',
  })
  const scan = (id: string, address: string) => ({
    ...{ ...own, id, target_id: 'tgt_1', site, due_key: '', state: 'finished', profile: 'standard', ports: '443' },
    ...{ addresses: JSON.stringify([address]), networks: '[]', ports_asked: 1, max_connects_per_second: 100 },
    scanner_probe_id: probeId,
    panel: JSON.stringify([{ probeId, role: 'scanner', site, sourceAddress, fit: true, rested: true }]),
    ...{ created_at: stage.now(), due_at: stage.now(), finished_at: stage.now(), deadline_at: stage.now() + 3_600_000 },
    alarms: '[]',
  })
  const run = (id: string, scanId: string, address: string, kind: string) => ({
    ...{ ...own, probe_id: probeId, id, key: kind, scan_id: scanId, role: 'scanner', kind, state: 'due', epoch: 0 },
    ...{ due_at: stage.now(), deadline_at: stage.now() + 86_400_000, needs_private: 0 },
    plan: JSON.stringify({
      ...{ kind, targetId: 'tgt_1', name: null, standing: false, beacons: [] },
      steps: [{ at: stage.now(), purpose: 'recover', touches: [touch(address)], timeoutMs: 6_000, beacon: false }],
    }),
  })
  return { tenant, target, scan, run }
}
const touch = (address: string) => ({ address, port: 443, check: 'tls', service: 'https' })

test('a key that was revoked since a backup was made is not revived by it', async () => {
  const { tenant } = await openRestore('Revived')
  const row = await stage.env.DB.prepare('SELECT * FROM keys WHERE tenant_id = ?')
    .bind(tenant.id)
    .first<Record<string, unknown>>()
  expect(row?.revoked_at).toBeNull()
  await stage.env.DB.prepare('UPDATE keys SET revoked_at = ? WHERE tenant_id = ?').bind(stage.now(), tenant.id).run()
  expect(await put('keys', [row ?? {}])).toMatchObject({ status: 200, body: { rows: 1 } })
  expect(await stage.count('keys', `tenant_id = '${tenant.id}' AND revoked_at IS NULL`)).toBe(0)
})

describe('it brings no work', () => {
  test('every run in it is over, whatever the row says or leaves out, and the answer says how many were not', async () => {
    const victim = fresh()
    const { tenant, scan, run } = await openRestore('Work')
    const rows = [
      run('run_0001', 'scn_0001', victim, 'recover'),
      { ...run('run_0002', 'scn_0001', victim, 'recover'), ended_at: null },
      { ...run('run_0003', 'scn_0001', victim, 'recover'), state: 'leased', ended_at: stage.now() },
      { ...run('run_0004', 'scn_0001', victim, 'recover'), state: 'done', ended_at: stage.now() },
    ]
    expect(await put('runs', rows)).toMatchObject({ status: 200, body: { rows: 4, ended: 3 } })
    expect((await put('scans', [scan('scn_0001', victim)])).status).toBe(200)
    const { finished_at: _, ...unfinished } = scan('scn_0002', victim)
    for (const odd of [unfinished, { ...unfinished, finished_at: null }, { ...unfinished, finished_at: 'x' }])
      expect((await put('scans', [odd])).status).toBe(422)
    expect((await put('scans', [{ ...scan('scn_0002', victim), state: 'running' }])).status).toBe(422)
    await goOn()
    const { runs } = await (country.fleet[0] as Country['fleet'][number]).lease({ allowPrivate: false })
    expect(runs).toEqual([])
    expect(
      await stage.count('runs', `tenant_id = '${tenant.id}' AND (ended_at IS NULL OR state IN ('due', 'leased'))`),
    ).toBe(0)
  })

  test('a schedule in it scans nothing of which control is not proved here, whatever proof, letter or opt-out it claims', async () => {
    const victim = fresh()
    const { tenant, target } = await openRestore('Schedule')
    const proof = { tenant_id: tenant.id, subject: victim, token: 't', target_id: 'tgt_1', created_at: 1 }
    const letter = { tenant_id: tenant.id, id: 'ltr_1', cidr: `${victim}/32`, signed_by: 'x', signed_at: 1 }
    expect(await put('controls', [{ ...proof, method: 'http', proved_at: 1, expires_at: 9e15 }])).toMatchObject({
      ...{ status: 200, body: { rows: 0 } },
    })
    expect(await put('letters', [{ ...letter, expires_at: 9e15, sha256: 'x', entered_by: 'x' }])).toMatchObject({
      ...{ status: 200, body: { rows: 0 } },
    })
    expect((await put('opt_outs', [])).status).toBe(422)
    const due = { schedule: '* * * * *', next_due_at: stage.now() }
    expect((await put('targets', [{ ...target('tgt_1', victim), ...due }])).status).toBe(200)
    await goOn()
    await stage.tick()
    expect(await stage.count('runs', `tenant_id = '${tenant.id}'`)).toBe(0)
    expect(await stage.count('scans', `tenant_id = '${tenant.id}' AND failure_code = 'unproved_address'`)).toBe(1)
    await tenant.api('DELETE', '/targets/tgt_1')
  })
})

describe('its rows touch nothing of others', () => {
  test('a badge that is somebody else’s stays theirs; the one in the file is off until its owner switches it on', async () => {
    const theirs = await country.mine.add(fresh())
    expect((await country.mine.api('POST', `/targets/${theirs.id}/badge`, {})).status).toBe(200)
    const key = await stage.env.DB.prepare('SELECT badge_key FROM targets WHERE id = ?')
      .bind(theirs.id)
      .first('badge_key')
    expect(key).not.toBeNull()
    const { tenant, target } = await openRestore('Badge')
    expect((await put('targets', [{ ...target('tgt_1', fresh()), badge_key: key }])).status).toBe(200)
    expect(await stage.count('targets', `id = '${theirs.id}' AND badge_key = '${key}'`)).toBe(1)
    expect(await stage.count('targets', `tenant_id = '${tenant.id}' AND badge_key IS NULL`)).toBe(1)
    await goOn()
  })

  test('what another row has already is refused, and named; rows that fit are taken', async () => {
    const { tenant } = await openRestore('Twice')
    const issue = {
      ...{ tenant_id: tenant.id, id: 'iss_1', target_id: 'tgt_1', finding: 'interference', state: 'open', title: 't' },
      ...{ opened_at: 1, restated_at: 1, last_scan_id: 's' },
    }
    const rows = [issue, { ...issue, id: 'iss_2', target_id: 'tgt_2' }, { ...issue, id: 'iss_3' }]
    const refused = await put('issues', rows)
    expect(refused).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'rows.2.tenant_id, target_id, finding' }] },
    })
    expect(refused.body.detail).toBe('issues, row 3 (iss_3): tenant_id, target_id, finding is that of another row')
    expect(await stage.count('issues', `tenant_id = '${tenant.id}'`)).toBe(2)
    // A key of the primary kind that another tenant has.
    const hash = await stage.env.DB.prepare('SELECT hash FROM keys WHERE tenant_id = ?')
      .bind(country.mine.id)
      .first('hash')
    const stolen = { hash, tenant_id: tenant.id, id: 'key_x', name: 'x', hint: 'pw_', scope: 'admin', created_at: 1 }
    expect(await put('keys', [stolen])).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'rows.0.tenant_id' }] },
    })
    expect((await country.mine.api('GET', '/targets')).status).toBe(200)
    await goOn()
  })

  test('a file of the operator’s own targets brings no key that opens the stack', async () => {
    expect((await begin('ten_default')).status).toBe(200)
    const key = { hash: 'ab', tenant_id: 'ten_default', id: 'key_x', name: 'x', hint: 'pw_', scope: 'admin' }
    expect(await put('keys', [{ ...key, created_at: 1 }])).toMatchObject({ status: 200, body: { rows: 0 } })
    await goOn()
  })
})

describe('each row has the shape that its readers expect', () => {
  test('or it is refused by table, row and field', async () => {
    const { tenant, target, scan, run } = await openRestore('Shapes')
    const address = fresh()
    const good = {
      targets: target('tgt_1', address),
      scans: scan('scn_1', address),
      runs: run('run_1', 'scn_1', address, 'scan'),
    }
    const later = stage.now() + 120_000
    const deep = `[${'['.repeat(1_500)}${']'.repeat(1_500)}]`
    const wrong: [keyof typeof good, string, unknown][] = [
      ['scans', 'addresses', 'x'],
      ['scans', 'addresses', '["not an address"]'],
      ['scans', 'addresses', deep],
      ['scans', 'created_at', 9e15],
      ['scans', 'created_at', later],
      ['scans', 'finished_at', later],
      ['scans', 'panel', '["x"]'],
      ['scans', 'panel', '{"role":"scanner"}'],
      ['scans', 'profile', 'furious'],
      ['scans', 'judgement', '{"ports":"x"}'],
      ['scans', 'output_key', `${country.mine.id}/scn_1/output/0`],
      ['scans', 'output_key', `${tenant.id}/scn_2/output/0`],
      ['scans', 'ports_asked', 'many'],
      ['scans', 'nonsense', 1],
      ['runs', 'plan', '[]'],
      ['runs', 'closing', JSON.stringify({ outcome: 'done', logKey: `${country.mine.id}/scn_1/run_1/1/0` })],
      ['targets', 'sites', '"fra-1"'],
      ['targets', 'schedule', 'now and then'],
      ['targets', 'next_due_at', 5],
      ['targets', 'timezone', 5],
      ['targets', 'ports', '1-99999'],
      ['targets', 'max_connects_per_second', 1.5],
    ]
    for (const [table, column, value] of wrong) {
      const { status, body } = await put(table, [{ ...good[table], [column]: value }])
      expect([status, body.errors[0]?.field.split('.').slice(0, 3)], `${table}.${column} ${value}`).toEqual([
        422,
        ['rows', '0', column],
      ])
      expect(body.detail).toContain(`${table}, row 1`)
      expect(body.detail).not.toContain('furious')
    }
    // What is there twice is what was checked, for every reader.
    const twice = `{"rules":"1","verdict":null,"coverage":null,"ports":"x","ports":[]}`
    for (const [table, row] of Object.entries({ ...good, scans: { ...good.scans, judgement: twice } }))
      expect((await put(table as keyof typeof good, [row])).body, table).toMatchObject({ rows: 1 })
    expect(await stage.count('scans', `judgement ->> '$.ports' = '[]'`)).toBe(1)
    await goOn()
  })

  test('who scanned an address is not taken from a file: it would keep every probe from its owner', async () => {
    const address = fresh()
    const { scan } = await openRestore('Rest')
    const panel = country.fleet.map(({ id: probeId, site, sourceAddress }) => ({
      ...{ probeId, role: 'scanner', site, sourceAddress },
    }))
    const forged = { ...scan('scn_1', address), panel: JSON.stringify(panel), created_at: stage.now() + 50_000 }
    expect((await put('scans', [forged])).status).toBe(200)
    await goOn()
    const owned = await country.mine.add(address)
    await prove(stage, country.fleet, country.mine, owned.id)
    const { status, body } = await country.mine.api<ScanAnswer>('POST', '/scans', { targetId: owned.id })
    expect(status, body.detail).toBe(202)
    expect(body.panel.map(({ rested }) => rested)).not.toContain(false)
    await country.mine.api('POST', `/scans/${body.id}/cancel`, {})
  })

  test('a row that is wrong all the same keeps no other tenant from scanning', async () => {
    const { tenant, scan } = await openRestore('Broken')
    const rows = ['scn_1', 'scn_2', 'scn_3'].map((id) => scan(id, fresh()))
    expect((await put('scans', rows)).status).toBe(200)
    await goOn()
    const write = (set: string, id: string) =>
      stage.env.DB.prepare(`UPDATE scans SET ${set} WHERE tenant_id = ? AND id = ?`).bind(tenant.id, id).run()
    const recent = `created_at = ${stage.now() + 3_600_000}`
    await write(`addresses = 'x', ${recent}`, 'scn_1')
    await write(`panel = 'x', ${recent}`, 'scn_2')
    await write(`panel = '["x", {"role": "scanner"}, 5]', judgement = '{"ports":["x"]}', ${recent}`, 'scn_3')
    const owned = await country.mine.add(fresh())
    await prove(stage, country.fleet, country.mine, owned.id)
    const { status, body } = await country.mine.api<ScanAnswer>('POST', '/scans', { targetId: owned.id })
    expect(status, body.detail).toBe(202)
    const probe = country.fleet[4]
    expect((await stage.api('PATCH', `/probes/${probe?.id}`, { quarantined: true })).status).toBe(200)
    expect((await stage.api('PATCH', `/probes/${probe?.id}`, { quarantined: false })).status).toBe(200)
  })
})
