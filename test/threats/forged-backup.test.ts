/** Threat: a backup of one tenant that was made up. Whoever had the file wrote what pleased them; the operator puts it back. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { BackupTable } from '../../schema/backup.ts'
import { NEWEST_MIGRATION } from '../../schema/stack.ts'
import { type Country, openCountry, openTenant } from './support/control.ts'

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
    expect(await stage.count('runs', `tenant_id = '${tenant.id}' AND (ended_at IS NULL OR state IN ('due', 'leased'))`)).toBe(
      0,
    )
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
