/** Lists and rows stay small however much a scan has lost. */
import { beforeAll, expect, test } from 'vitest'
import type { OccurrenceAnswer, ScanAnswer, TargetAnswer } from '../../schema/api.ts'
import type { Judgement } from '../../schema/judgement.ts'
import type { ProofCell, ProofResult } from '../../schema/proof.ts'
import { LIMITS } from '../../schema/wire.ts'
import { bounded, boundedProof, JUDGEMENT_BYTES } from '../../worker/store/bounded.ts'
import { story } from '../golden/cases/guard-bans-all-ports/facts.ts'
import { tell } from '../support/facts.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})

/** A judgement in which so many ports were lost to the same ban. */
function banned(ports: number): Judgement {
  const { judgement } = tell(story)
  const lost = judgement.ports.find((port) => port.verdict === 'interfered')
  if (!lost) throw new Error('the story lost no port')
  return { ...judgement, ports: Array.from({ length: ports }, (_, i) => ({ ...lost, port: i + 1 })) }
}
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length

test.each([200, 490, 800, LIMITS.openPorts])(
  'a judgement of %i lost ports fits into its row, and keeps each word',
  (ports) => {
    const whole = banned(ports)
    const kept = bounded(whole)
    expect(bytes(kept)).toBeLessThanOrEqual(JUDGEMENT_BYTES)
    expect(kept.ports.map(({ port, verdict, strength, lostAt }) => [port, verdict, strength, lostAt])).toEqual(
      whole.ports.map(({ port, verdict, strength, lostAt }) => [port, verdict, strength, lostAt]),
    )
    expect(kept.ports.every((port, i) => port.cause?.mechanism === whole.ports[i]?.cause?.mechanism)).toBe(true)
  },
)

test('a judgement that fits is kept as it is', () => {
  const whole = banned(60)
  expect(bounded(whole)).toEqual(whole)
})

/** The result of a proof from so many addresses of 64 endpoints each, of which every eighth is shut. */
function matrixOf(addresses: number): ProofResult {
  const cellOf = (port: number): ProofCell => ({
    ...{ address: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', port, service: 'unknown', at: 1_795_350_000_000 },
    ...(port % 8 === 0 ? { word: 'shut', sight: 'page' } : { word: 'passed', sight: 'open' }),
    code: 'HTTP 403, 8 of 8 attack-shaped requests',
    stimuli: { planned: 100, done: 100 },
  })
  const rows = Array.from({ length: addresses }, (_, i): ProofResult['rows'][number] => ({
    ...{ probeId: `prb_${i}`, site: 'fra-1', sourceAddress: `2001:db8::${i}`, state: 'done', verdict: 'not_proved' },
    swept: { asked: 2_000, tested: 2_000 },
    cells: Array.from({ length: 64 }, (_, port) => cellOf(port + 1)),
  }))
  const failing = Array.from({ length: 200 }, (_, i) => `2001:db8::${i} (fra-1): ${'x'.repeat(80)}`)
  return { verdict: 'not_proved', statement: 'Some do not get through.', failing, rows, closes: [] }
}

test.each([78, 256, 4_000])('the matrix of %i addresses fits into its row, and keeps each verdict', (addresses) => {
  const whole = matrixOf(addresses)
  const kept = boundedProof(whole)
  expect(bytes(kept)).toBeLessThanOrEqual(JUDGEMENT_BYTES)
  expect(kept.rows.map(({ sourceAddress, verdict, state }) => [sourceAddress, verdict, state])).toEqual(
    whole.rows.map(({ sourceAddress, verdict, state }) => [sourceAddress, verdict, state]),
  )
  expect({ ...kept, rows: [] }).toEqual({ ...whole, rows: [] })
  const shut = kept.rows.flatMap(({ cells }) => cells).filter(({ word }) => word === 'shut')
  expect(shut).toHaveLength(addresses === 4_000 ? 0 : addresses * 8)
  // As many as may be opened keep all of it.
  if (addresses === 78) expect(kept.rows.every(({ cells }) => cells.length === 64)).toBe(true)
})

test('lists of scans, targets and occurrences name verdicts and carry no judgement', async () => {
  const { body: target } = await stage.api<TargetAnswer>('POST', '/targets', { address: '127.0.33.1', ports: '22' })
  const judgement = JSON.stringify(banned(300))
  const [scanId, issueId] = ['scn_00000000000000000001', 'iss_00000000000000000001']
  await stage.env.DB.batch([
    stage.env.DB.prepare(
      `INSERT INTO scans (tenant_id, id, target_id, site, due_key, state, profile, addresses, networks, ports, ports_asked, max_connects_per_second,
        scanner_probe_id, panel, created_at, due_at, finished_at, deadline_at, alarms, judgement)
        VALUES ('ten_default', ?, ?, 'x', '', 'finished', 'standard', '[]', '[]', '22', 1, 1, 'prb_x', '[]', 1, 1, 2, 3, '[]', ?)`,
    ).bind(scanId, target.id, judgement),
    stage.env.DB.prepare('UPDATE targets SET last_scan_id = ? WHERE id = ?').bind(scanId, target.id),
    stage.env.DB.prepare(
      "INSERT INTO issues (tenant_id, id, target_id, finding, state, title, opened_at, restated_at, last_scan_id) VALUES ('ten_default', ?, ?, 'interference', 'open', 't', 1, 1, ?)",
    ).bind(issueId, target.id, scanId),
    ...[7, 9].map((port) =>
      stage.env.DB.prepare(
        "INSERT INTO occurrences (tenant_id, issue_id, id, scan_id, address, port, seen_at) VALUES ('ten_default', ?, ?, ?, ?, ?, 1)",
      ).bind(issueId, `occ_0000000000000000000${port}`, scanId, banned(1).ports[0]?.address, port),
    ),
  ])
  const { body: one } = await stage.api<ScanAnswer>('GET', `/scans/${scanId}`)
  expect(one.ports).toHaveLength(300)
  const { body: list } = await stage.api<{ items: ScanAnswer[] }>('GET', '/scans')
  expect(list.items).toEqual([{ ...one, ports: [] }])
  expect(list.items[0]).toMatchObject({ verdict: 'interference', address: '127.0.33.1', coverage: one.coverage })
  const { body: targets } = await stage.api<{ items: TargetAnswer[] }>('GET', '/targets')
  expect(targets.items[0]?.lastScan).toMatchObject({ id: scanId, verdict: 'interference' })
  const { body: seen } = await stage.api<{ items: OccurrenceAnswer[] }>('GET', `/issues/${issueId}/occurrences`)
  expect(seen.items.map(({ port, verdict, cause }) => [port, verdict, cause])).toEqual(
    [9, 7].map((port) => [port, 'interfered', one.ports[0]?.cause]),
  )
})
