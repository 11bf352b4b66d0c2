/** What /rules says of the rules is what the rules are. */
import { expect, test } from 'vitest'
import { VERDICT_RULES } from '../../worker/core/verdict.ts'
import { EXPERIMENT, FEATURE, VERDICT_OF } from '../../worker/portal/rule-words.ts'
import { filesOf, textOf } from './source.ts'

const CORE = filesOf(['worker/core'], ['.ts'])

test('each rule under which a feature is named is the one that the page gives it', () => {
  const named = new Set(
    CORE.filter((path) => path.startsWith('worker/core/features'))
      .flatMap((path) => [...textOf(path).matchAll(/\brule: '([A-Z]+-\d)'/g)])
      .map(([, rule]) => rule),
  )
  expect(new Set<string>(Object.values(FEATURE).map(({ rule }) => rule))).toEqual(named)
})

test('each rule that gives a verdict gives the one that the page says', () => {
  expect(VERDICT_RULES.length).toBeGreaterThan(12)
  for (const { id, verdict } of VERDICT_RULES) expect(VERDICT_OF[id], id).toBe(verdict)
})

test('what an experiment shows is named under rules that have features or verdicts', () => {
  const weighed = new Set<string>([...Object.values(FEATURE).map(({ rule }) => rule), ...Object.keys(VERDICT_OF)])
  const unweighed = Object.values(EXPERIMENT)
    .flatMap(({ rules }) => rules)
    .filter((rule) => !weighed.has(rule))
  // Layers are evidence beside a page or a cut, which are what is weighed.
  expect(unweighed).toEqual(['LAYER-1'])
})
