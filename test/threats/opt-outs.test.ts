/** Threat: so many opt-outs that some of them are not honoured, or that nothing is scanned any more. */
import { beforeAll, expect, test } from 'vitest'
import { type Country, openCountry, prove } from './support/control.ts'

let country: Country
beforeAll(async () => {
  country = await openCountry()
}, 120_000)

const MOST = 10_000

test('every opt-out is honoured, however many there are; one more than may be is refused, and the limit named', async () => {
  const { stage, mine, fresh, fleet } = country
  const [open, out] = [await mine.add(fresh()), await mine.add(fresh())]
  for (const { id } of [open, out]) await prove(stage, fleet, mine, id)
  await stage.env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MOST - 1})
      INSERT INTO opt_outs SELECT 'ten_default', 'opt_' || printf('%06d', i), '100.64.' || (i / 256) || '.' || (i % 256) || '/32', NULL, i FROM n`,
  ).run()
  const add = (cidr: string) => stage.api<{ code: string; detail: string }>('POST', '/opt-outs', { cidr })
  expect((await add('198.41.0.0/24')).status).toBe(201)
  expect(await stage.count('opt_outs')).toBe(MOST)
  const refused = await add('198.41.1.0/24')
  expect([refused.status, refused.body.code]).toEqual([409, 'conflict'])
  expect(refused.body.detail).toContain(`${MOST} opt-outs`)
  // As of a stack that had more before there was a limit, or of a backup: the last of all by every order.
  await stage.env.DB.prepare("INSERT INTO opt_outs VALUES ('ten_default', 'opt_zzz', ?, NULL, 9e12)")
    .bind(`${out.address}/32`)
    .run()
  expect(await mine.scan(out.id)).toMatchObject({ status: 422, body: { code: 'opted_out' } })
  expect((await mine.scan(open.id)).status).toBe(202)
  const { body } = await stage.api<{ items: unknown[] }>('GET', '/opt-outs')
  expect(body.items).toHaveLength(MOST + 1)
})
