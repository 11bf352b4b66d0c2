import { expect, test } from 'vitest'
import type { Judgement, PortVerdict } from '../../schema/judgement.ts'
import { coverageTogether, type Part } from '../../worker/core/filled.ts'

const AT = Date.UTC(2026, 4, 4, 14, 3)
const port = (number: number, share: number, more: Partial<PortVerdict> = {}) =>
  ({
    address: '10.0.0.9',
    port: number,
    verdict: 'open',
    firstSeenOpenAt: AT,
    coverage: { reachableSeconds: 1, lostSeconds: 0, share },
    ...more,
  }) as PortVerdict
const part = (scanId: string, ports: string, coverage: object, seen: PortVerdict[]): Part => ({
  scanId,
  ports,
  startedAt: AT,
  judgement: { ports: seen, coverage: { share: 0, statement: '', ...coverage } } as unknown as Judgement,
})
const whole = part('scn_1', '1-1000', { portsAsked: 1_000, portsTested: 900, untested: '901-1000' }, [
  port(22, 0.25),
  port(80, 1),
  port(443, 0.5),
])

test('a retest that fills every gap makes the whole of it', () => {
  const retest = part('scn_2', '22,443,901-1000', { untested: '' }, [port(22, 1), port(443, 1), port(950, 1)])
  expect(coverageTogether(whole, [retest])).toEqual({
    scanId: 'scn_1',
    share: 1,
    portsAsked: 1_000,
    portsTested: 1_000,
    statement:
      'Together with the scan of 2026-05-04 14:03 UTC: all 1,000 ports asked are tested, and the planned work on every open port is done.',
  })
})

test('what no retest reached is still missing, by name, and the best of all counts for each port', () => {
  const first = part('scn_2', '22,443,901-1000', { untested: '961-1000' }, [port(22, 1), port(443, 0.25)])
  const second = part('scn_3', '443,961-1000', { untested: '990-1000' }, [port(443, 0.75)])
  const { share, portsTested, statement } = coverageTogether(whole, [first, second])
  expect(portsTested).toBe(989)
  expect(share).toBe(Math.floor(0.989 * ((1 + 1 + 0.75) / 3) * 100) / 100)
  expect(statement).toContain('11 ports of 1,000 asked are still not tested (990-1000)')
  expect(statement).toContain('findings on port 443 are still incomplete')
})

test('a retest can only add: one that was cut off itself takes nothing away', () => {
  const cut = part('scn_2', '22,443,901-1000', { untested: '22,443,901-1000' }, [port(22, 0), port(443, 0)])
  const { share, portsTested } = coverageTogether(whole, [cut])
  expect(portsTested).toBe(900)
  expect(share).toBe(Math.floor(0.9 * ((0.25 + 1 + 0.5) / 3) * 100) / 100)
})

test('a phantom is no open port', () => {
  const phantom = part('scn_1', '1-10', { portsAsked: 10, portsTested: 10, untested: '' }, [
    port(5, 0, { verdict: 'phantom' }),
  ])
  expect(coverageTogether(phantom, []).share).toBe(1)
})
