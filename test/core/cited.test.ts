/** Each claim names the observations that carry it: as many as it counts, and all of them known. */
import { expect, test } from 'vitest'
import { cited } from '../../worker/core/cited.ts'
import { survey } from '../../worker/core/decide.ts'
import { block, HTTP, HTTPS, isScanner, tell } from '../support/facts.ts'

const MYSQL = { port: 3306, service: 'mysql', check: 'greeting' } as const
const told = tell({
  ports: [HTTP, HTTPS, MYSQL],
  sees: block(isScanner, 'cut', 8_000, undefined, [80, 443]),
  scanMs: 120_000,
})
const numbersOf = (text: string) => [...text.matchAll(/\d+/g)].map(Number)

test('an observation that evidence names is one of the scan', () => {
  const { scan } = survey(told.facts, told.judgement.judgedAt)
  const ids = new Set(scan.endpoints.flatMap(({ looks }) => looks.map(({ id }) => id)))
  const named = told.judgement.ports.flatMap(({ evidence }) => evidence.flatMap(({ observations }) => observations))
  expect(named.length).toBeGreaterThan(100)
  expect(named.filter((id) => !ids.has(id))).toEqual([])
})

test.each([80, 443])('what is counted for port %i is what is named', (port) => {
  const lineOf = (rule: string) => told.port(port).evidence.find((one) => one.rule === rule)
  const first = told.port(port).evidence[0]
  const [, failed, , others] = /failed in (\d+) of (\d+) rounds; \d+ of (\d+) touches/.exec(first?.text ?? '') ?? []
  expect(first?.observations).toHaveLength(Number(failed) + Number(others))
  expect(lineOf('SIB-1')?.observations).toHaveLength(numbersOf(lineOf('SIB-1')?.text ?? '')[0] ?? -1)
  expect(lineOf('WHO-1')?.observations).toHaveLength(Number(failed) + Number(others))
})

test('a confirmed loss names what of the target’s side answered meanwhile', () => {
  const confirmed = told.judgement.ports.filter(({ strength }) => strength === 'confirmed')
  expect(confirmed.length).toBeGreaterThan(0)
  for (const { evidence } of confirmed) {
    const line = evidence.find(({ rule }) => rule === 'RTE-1')
    expect(line?.text).toContain('port 3306')
    expect(line?.observations.length).toBeGreaterThan(0)
  }
})

test('a claim that rests on more than a report holds says so', () => {
  const observations = Array.from({ length: 200 }, (_, n) => `run_1:${n}`)
  const { text, observations: listed } = cited({ rule: 'AREA-1', supports: true, text: 'All were lost.', observations })
  expect(text).toBe(`All were lost. (${listed.length} of 200 observations are listed.)`)
})
