import { expect, test } from 'vitest'
import { filesOf, textOf } from './source.ts'

const SOURCE = filesOf(['schema', 'worker', 'probe-node', 'packaging', 'demo'], ['.ts', '.tsx'])
const MAX_LINES = 400

test('a file is one idea: none is longer than 400 lines', () => {
  const long = SOURCE.map((path) => ({ path, lines: textOf(path).split('\n').length })).filter(
    ({ lines }) => lines > MAX_LINES,
  )
  expect(long).toEqual([])
})

test('nothing is left for later in the source', () => {
  const mark = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].map((word) => `\\b${word}\\b`).join('|'))
  const marked = [...SOURCE, ...filesOf(['test', 'bin'], ['.ts', '.tsx', '.mjs'])].filter((path) =>
    mark.test(textOf(path)),
  )
  expect(marked).toEqual([])
})

/**
 * As soon as one `<svg>` or `<head>` was made as an element, Hono asks of every element of every page, through AsyncLocalStorage,
 * whether it stands in one (hono/jsx/base, nameSpaceContext). Written by its `html` it asks nothing.
 */
test('no page makes a picture or a head of elements', () => {
  const made = filesOf(['worker/portal'], ['.tsx']).filter((path) => /(?<!html`)<(svg|head)[\s>]/.test(textOf(path)))
  expect(made).toEqual([])
})

test('every table is WITHOUT ROWID, so that a row costs one written row', () => {
  const tables = filesOf(['schema/migrations'], ['.sql']).flatMap((path) => tablesOf(textOf(path)))
  expect(tables.length).toBeGreaterThan(10)
  expect(tables.filter(({ tail }) => !/^WITHOUT\s+ROWID$/i.test(tail)).map(({ name }) => name)).toEqual([])
})

test('the reader of tables finds the end of each, whatever is inside', () => {
  const sql =
    "CREATE TABLE `a` (\n `x` text DEFAULT ';)' NOT NULL,\n CHECK (length(`x`) > 0)\n) WITHOUT ROWID;\nCREATE TABLE IF NOT EXISTS b (y integer);"
  expect(tablesOf(sql)).toEqual([
    { name: 'a', tail: 'WITHOUT ROWID' },
    { name: 'b', tail: '' },
  ])
})

/** Each table with what stands between its closing bracket and the semicolon. */
function tablesOf(sql: string): { name: string; tail: string }[] {
  // Quoted text and comments may hold brackets and semicolons; names in back quotes hold neither.
  const plain = sql.replace(/--[^\n]*/g, '').replace(/'(?:[^']|'')*'/g, "''")
  return [...plain.matchAll(/CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[`"]?(\w+)[`"]?\s*([^;]*)/gi)].map((match) => {
    const body = match[2] ?? ''
    return { name: match[1] ?? '', tail: body.slice(body.lastIndexOf(')') + 1).trim() }
  })
}

test('the version is the same wherever it is written', () => {
  const { version } = JSON.parse(textOf('package.json')) as { version: string }
  expect(textOf('schema/version.ts')).toContain(`VERSION = '${version}'`)
  expect((JSON.parse(textOf('package-lock.json')) as { version: string }).version).toBe(version)
})

test('the code knows which migration is the newest', () => {
  const newest = filesOf(['schema/migrations'], ['.sql']).sort().at(-1)?.split('/').at(-1)
  expect(textOf('schema/stack.ts')).toContain(`NEWEST_MIGRATION = '${newest}'`)
})
