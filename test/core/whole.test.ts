import { expect, test } from 'vitest'
import type { ScanFacts } from '../../schema/facts.ts'
import type { ResultRequest } from '../../schema/wire.ts'
import { judgeScan } from '../../worker/core/judge.ts'
import { renderOutput } from '../../worker/core/output.ts'
import { HTTP, T0, tell } from '../support/facts.ts'

const CLEAN = tell({ ports: [HTTP], sees: () => 'open' }).facts
type Closing = Pick<ResultRequest, 'outcome' | 'ports'>

/** The clean scan, had its run ended like this. */
const ended = (closing: Closing | null, more: Partial<ScanFacts> = {}): ScanFacts => ({
  ...CLEAN,
  runs: CLEAN.runs.map((run) =>
    run.kind === 'scan'
      ? { ...run, state: 'done', closing: closing && { ...run.closing, ports: undefined, ...closing } }
      : run,
  ),
  ...more,
})
const all = { asked: CLEAN.portsAsked, tested: CLEAN.portsAsked, untested: '' }
const verdictOf = (facts: ScanFacts) => judgeScan(facts, T0 + 600_000).verdict

test('a scan that came to its end with every port tested may be clear', () => {
  expect(verdictOf(ended({ outcome: 'done', ports: all }))).toBe('clear')
})

test.each<[string, Closing | null]>([
  ['was stopped by its deadline', { outcome: 'stopped', ports: all }],
  ['was stopped before it tested anything', { outcome: 'stopped', ports: { asked: 0, tested: 0, untested: '' } }],
  ['says nothing of its ports', { outcome: 'done' }],
  ['left one port untested', { outcome: 'done', ports: { ...all, tested: all.asked - 1, untested: '443' } }],
  ['never sent a result', null],
])('a scan whose run %s is at least incomplete', (_, closing) => {
  const facts = ended(closing)
  const silent = { ...facts, runs: facts.runs.map((run) => ({ ...run, found: [], observations: [], spans: [] })) }
  expect(verdictOf(facts)).toBe('incomplete')
  expect(verdictOf(silent)).toBe('incomplete')
})

test('ports that were missed on one of two addresses are not made good by the other', () => {
  const half = { asked: 2 * all.asked, tested: all.asked, untested: '' }
  const { verdict, coverage } = judgeScan(ended({ outcome: 'done', ports: half }), T0 + 600_000)
  expect(verdict).toBe('incomplete')
  expect(coverage?.portsTested).toBe(Math.floor(all.asked / 2))
})

test.each([
  [0, /\nThe scan did not get to finding ports: nothing is said of any\.\n$/],
  [all.asked - 1, /\nNo open port was found among those tested\.\n$/],
  [all.asked, /\nNo open port was found\.\n$/],
])('a scan that found nothing in %i tested ports says how far it looked', (tested, words) => {
  const cut = ended({ outcome: tested === all.asked ? 'done' : 'stopped', ports: { ...all, tested, untested: '443' } })
  const facts = { ...cut, runs: cut.runs.map((run) => ({ ...run, found: [], observations: [], spans: [] })) }
  const judgement = judgeScan(facts, T0 + 600_000)
  expect(judgement.ports).toEqual([])
  expect(renderOutput({ facts, judgement, target: 'shop', scannerLog: '' })).toMatch(words)
})
