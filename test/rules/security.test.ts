/** docs/security.md promises a test for each threat. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { textOf } from './source.ts'

const ROOT = join(import.meta.dirname, '../..')
const rows = textOf('docs/security.md')
  .split('\n')
  .filter((line) => /^\| [^-]/.test(line) && line.split('|').length === 5)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, threat]) => threat !== 'threat' && threat !== '' && !threat?.startsWith('`'))

/** The threats of which the design speaks; a row may be added, none may go. */
const THREATS = [
  ...[
    'scanning other people',
    'forbidden addresses',
    'parser tricks',
    'DNS rebinding',
    'rate abuse',
    'being taken for',
  ],
  ...['fake or stolen probe', 'lying probe', 'API keys', 'tenant leak', 'SSRF', 'forged webhooks', 'chat abuse'],
  ...[
    'stored XSS',
    'CSV formula',
    'terminal',
    'bombs',
    'ReDoS',
    'CSRF',
    'audit',
    'error leak',
    'supply chain',
    'wallet',
  ],
]

test('each threat has its row, its control and a test', () => {
  expect(rows.length).toBeGreaterThanOrEqual(THREATS.length)
  for (const threat of THREATS) expect(rows.filter(([, cell]) => cell?.includes(threat)).length, threat).toBe(1)
  for (const [, threat, control, tests] of rows) {
    expect(control?.length, threat).toBeGreaterThan(20)
    expect(tests, threat).toMatch(/\]\(\.\.\/test\/[^)]+\.test\.tsx?\)/)
  }
})

test('each test that is linked is there, and is one', () => {
  const linked = rows.flatMap((row) =>
    [...(row[3] ?? '').matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, path]) => path ?? ''),
  )
  expect(linked.length).toBeGreaterThan(30)
  for (const path of linked) {
    expect(existsSync(join(ROOT, path)), path).toBe(true)
    expect(textOf(path), path).toMatch(/\b(?:test|describe)(?:\.each\(|\()/)
  }
})
