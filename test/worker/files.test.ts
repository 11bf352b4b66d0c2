/** Lists as files: all of it, in few queries, and with room for whoever else asks the database. */
import { beforeAll, expect, test } from 'vitest'
import { FIRST_ROWS, fileOf, MOST_ROWS } from '../../worker/routes/listing.ts'
import { KEY, openStage, type Stage } from './support/stage.ts'

const ROWS = 6_000
let stage: Stage
beforeAll(async () => {
  stage = await openStage()
  const all = JSON.stringify(Array.from({ length: ROWS }, (_, i) => i))
  const statement =
    'Port 443 was lost after 41 s: findings on it are incomplete; the other 11 ports were reachable throughout.'
  const judgement = JSON.stringify({ coverage: { statement, share: 0.9 }, ports: [] })
  for (const sql of [
    `INSERT INTO targets (tenant_id, id, address, name, ports, timezone, sites, profile, anchors, tags, max_connects_per_second, created_at, scanners, last_known, resolved)
     SELECT 'ten_default', printf('tgt_%020d', value), printf('127.1.%d.%d', value / 250, value % 250), printf('host %05d', value), '22', 'UTC', '[]', 'standard', '[]', '[]', 300, 1, '{}', '{}',
       json_array(printf('127.1.%d.%d', value / 250, value % 250)) FROM json_each(?)`,
    `INSERT INTO scans (tenant_id, id, target_id, site, lane, due_key, state, profile, addresses, networks, ports, ports_asked, max_connects_per_second, scanner_probe_id, panel, created_at, due_at, deadline_at, alarms, finished_at, verdict, judgement)
     SELECT 'ten_default', printf('scn_%020d', value), printf('tgt_%020d', value), 'fra-1', 'x', '', 'finished', 'standard', '["127.1.0.1"]', '[]', '22', 1, 1, 'prb_x', '[]', 1000 + value / 3, 1, 1, '[]', 2, 'interference', '${judgement}' FROM json_each(?)`,
    `INSERT INTO issues (tenant_id, id, target_id, finding, state, title, opened_at, restated_at, last_scan_id, closed_at)
     SELECT 'ten_default', printf('iss_%020d', value), printf('tgt_%020d', value), 'interference', 'closed', 'port 22 is lost', 1000 + value, 1000 + value / 3, 'scn_x', 9 FROM json_each(?)`,
    `INSERT INTO occurrences (tenant_id, issue_id, id, scan_id, address, port, seen_at)
     SELECT 'ten_default', printf('iss_%020d', 1), printf('occ_%020d', value), printf('scn_%020d', value), '127.1.0.1', 22, 1000 + value FROM json_each(?)`,
  ])
    await stage.env.DB.prepare(sql).bind(all).run()
}, 300_000)

test.each([
  ['/scans?format=csv', 'scn_'],
  ['/scans?format=jsonl&q=host&sort=createdAt', 'scn_'],
  ['/targets?format=jsonl', 'tgt_'],
  ['/issues?format=jsonl&state=any', 'iss_'],
  [`/issues/iss_${'1'.padStart(20, '0')}?format=jsonl`, 'scn_'],
])(
  '%s has every row once, read in few queries',
  async (path, prefix) => {
    stage.queries()
    const answer = await stage.fetch(path, { headers: { authorization: `Bearer ${KEY}` } })
    expect(answer.status).toBe(200)
    const ids = [...(await answer.text()).matchAll(new RegExp(`${prefix}\\d{20}`, 'g'))].map(([id]) => id)
    const queries = stage.queries()
    expect(new Set(ids).size).toBe(ROWS)
    // 500, 1,000, 2,000, then 4,000 at a time; targets ask for control and letters with each page.
    const pages = Math.ceil((ROWS - 3_500) / MOST_ROWS) + 3
    expect(queries).toBeLessThanOrEqual(path.startsWith('/targets') ? 3 * pages : pages + 1)
    if (!path.startsWith('/targets')) expect(Math.ceil((100_000 - 3_500) / MOST_ROWS) + 3 + 1).toBeLessThan(50)
  },
  300_000,
)

test('the file of targets tells control of the last one as of the first, however many are read at once', async () => {
  const [last, address] = [`tgt_${String(ROWS - 1).padStart(20, '0')}`, '8.8.8.8']
  await stage.env.DB.batch([
    stage.env.DB.prepare('UPDATE targets SET address = ?, resolved = ? WHERE id = ?').bind(
      address,
      `["${address}"]`,
      last,
    ),
    stage.env.DB.prepare(
      "INSERT INTO controls (tenant_id, subject, token, method, target_id, created_at, proved_at, expires_at) VALUES ('ten_default', ?, 't', 'http', ?, 1, 1, 4000000000000)",
    ).bind(address, last),
  ])
  const answer = await stage.fetch('/targets?format=jsonl', { headers: { authorization: `Bearer ${KEY}` } })
  const rows = (await answer.text()).trimEnd().split('\n')
  expect(rows).toHaveLength(ROWS)
  expect(JSON.parse(rows.at(-1) ?? '')).toMatchObject({ id: last, control: 'proved' })
}, 300_000)

test('whom each page takes long, or fills much, reads less at once', async () => {
  const asked = async (pass: (limit: number) => number, width: number) => {
    const limits: number[] = []
    const columns = [{ key: 'text', name: 'text', value: (row: string) => row, cell: (row: string) => row }]
    const file = fileOf('x', 'csv', columns, async (_, limit) => {
      limits.push(limit)
      stage.pass(pass(limit))
      return { rows: Array.from({ length: limit }, () => 'x'.repeat(width)), next: limits.length < 8 ? 'on' : null }
    })
    await file.text()
    return limits
  }
  expect(await asked(() => 5, 100)).toEqual([500, 1_000, 2_000, ...Array(5).fill(MOST_ROWS)])
  expect(await asked((limit) => limit / 2, 100)).toEqual([500, ...Array(7).fill(1_000)])
  expect(await asked(() => 2_000, 100)).toEqual(Array(8).fill(FIRST_ROWS))
  expect(await asked(() => 5, 3_000)).toEqual([500, ...Array(7).fill(1_000)])
  expect(await asked((limit) => (limit === MOST_ROWS ? 1_500 : 5), 10)).toEqual([
    ...[500, 1_000, 2_000, 4_000, 2_000, 4_000, 2_000, 4_000],
  ])
})
