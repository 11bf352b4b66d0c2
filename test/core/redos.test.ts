/** Nothing that a target can send makes a pattern of ours think for long. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../schema/wire.ts'
import { signsIn } from '../../worker/core/waf.ts'

/** Milliseconds for 500 answers of the longest length that is kept: each pattern sees each of them. */
const BUDGET_MS = 4_000
const TIMES = 500
const long = (piece: string) => piece.repeat(LIMITS.firstBytes / piece.length + 1).slice(0, LIMITS.firstBytes)

test.each([
  ['blanks', ' '],
  ['tabs and line ends', '\t\r\n '],
  ['one letter', 'a'],
  ['almost a header', 'server: '],
  ['almost a tag', '<html <'],
  ['almost a cookie', 'set-cookie: __cf'],
  ['numbers and dots', '1.1.1.1.'],
  ['quotes and equals', '="="='],
  ['a status line over and over', 'HTTP/1.1 403 '],
])('%s', (_, piece) => {
  const began = performance.now()
  for (let i = 0; i < TIMES; i++) signsIn(`${long(piece)}${i}!`)
  expect(performance.now() - began).toBeLessThan(BUDGET_MS)
})
