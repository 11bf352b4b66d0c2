import { expect, test } from 'vitest'
import { openStage } from '../worker/support/stage.ts'

/** What a spreadsheet takes for a formula (OWASP, CSV Injection). */
const FORMULA = /^["']?\s*[=+\-@\t\r]/

test('no cell of a CSV that we publish begins as a formula, whatever an operator typed', async () => {
  const stage = await openStage()
  for (const [i, country] of ['DE', 'US'].entries()) {
    const range = { cidr: `9.9.${i}.0/24`, site: `fra-${i}`, country, provider: '=HYPERLINK("https://evil.example")' }
    expect((await stage.api('POST', '/ranges', range)).status).toBe(201)
  }
  // A site that is none is refused, so that no such cell can come to be.
  for (const site of ['=1+1', '+1', '-1', '@x', '\tx'])
    expect((await stage.api('POST', '/ranges', { cidr: '9.9.9.0/24', site })).status).toBe(422)
  stage.pass(40 * 24 * 3_600_000)
  await stage.tick()
  for (const path of ['/geofeed.csv', '/ip-ranges/csv']) {
    const answer = await stage.fetch(path)
    expect(answer.status, path).toBe(200)
    const lines = (await answer.text()).split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'))
    expect(lines.length, path).toBeGreaterThan(1)
    for (const cell of lines.flatMap((line) => line.split(','))) expect(cell, path).not.toMatch(FORMULA)
  }
})
