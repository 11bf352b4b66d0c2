import { describe, expect, test } from 'vitest'
import { codeOf, filesOf, importsOf, textOf } from './source.ts'
import { FOLDERS, objection, packageOf, ZONES, zoneOf } from './zones.ts'

const sources = new Map(filesOf(FOLDERS, ['.ts', '.tsx']).map((path) => [path, textOf(path)]))
const imports = new Map([...sources].map(([path, text]) => [path, importsOf(path, text)]))

test('every file imports only what its zone may', () => {
  const objections = [...imports].flatMap(([from, all]) =>
    all.map((to) => objection(from, to)).filter((text) => text !== null),
  )
  expect(objections).toEqual([])
})

test('every import of our own names a file that exists, with its ending', () => {
  const known = new Set([...sources.keys(), ...filesOf(FOLDERS, ['.json', '.css', '.sql'])])
  const missing = [...imports].flatMap(([from, all]) =>
    all
      .filter((to) => FOLDERS.some((folder) => to.startsWith(`${folder}/`)) && !known.has(to))
      .map((to) => `${from}: ${to}`),
  )
  expect(missing).toEqual([])
})

test('no file imports itself by a detour', () => {
  expect(cyclesOf(imports)).toEqual([])
})

test.each(['worker/core', 'worker/allowlist'])('%s has no clock and no luck: the time is an argument', (folder) => {
  expect(linesWith(/\bDate\.now\(|\bnew Date\(\s*\)|\bMath\.random\(|\bperformance\.now\(|\bcrypto\./, folder)).toEqual(
    [],
  )
})

/** A command must not wait for the code of the others, least of all for the agent, which is most of it. */
const LATE_IMPORTS = ['probe-node/commands/index.ts', 'probe-node/commands/probe.ts']

test('nothing is imported while running, but for commands and the agent, which are seen like any other import', () => {
  const lines = FOLDERS.flatMap((folder) => linesWith(/\bimport\s*\(|\brequire\s*\(/, folder))
  expect([...new Set(lines.map((line) => line.split(':')[0]))]).toEqual(LATE_IMPORTS)
  expect(imports.get('probe-node/commands/probe.ts')).toContain('probe-node/agent.ts')
  expect(imports.get('probe-node/commands/index.ts')).toContain('probe-node/commands/scan.ts')
})

describe('the reader of imports', () => {
  test('sees every form, and nothing in comments or text', () => {
    const text = [
      "import a from 'one'",
      "import * as b from 'two'",
      "import { c,\n  type D,\n} from '../schema/three.ts'",
      "import type { E } from './four.ts'",
      "export * from 'five'",
      "export { f } from 'six'",
      "import 'seven'",
      "// import g from 'never'",
      "/* import h from 'never' */",
      " * import i from 'never'",
      'const text = "import j from \'never\'"',
    ].join('\n')
    expect(importsOf('worker/x.ts', text).sort()).toEqual([
      'five',
      'one',
      'schema/three.ts',
      'seven',
      'six',
      'two',
      'worker/four.ts',
    ])
  })

  test('knows the zone by the longest match', () => {
    expect(zoneOf('schema/tables.ts')).toBe('schema/tables.ts')
    expect(zoneOf('worker/core/judge.ts')).toBe('worker/core')
    expect(zoneOf('worker/coreless.ts')).toBe('worker')
    expect(zoneOf('README.md')).toBeNull()
    expect(['hono/jsx', '@hono/standard-validator', 'node:net', 'cloudflare:workers'].map(packageOf)).toEqual([
      'hono',
      '@hono/standard-validator',
      'node:',
      'cloudflare:',
    ])
  })

  test('objects to what must not be', () => {
    expect(objection('worker/core/judge.ts', 'hono')).toMatch(/may not import/)
    expect(objection('worker/core/judge.ts', 'worker/store/scans.ts')).toMatch(/may not import/)
    expect(objection('probe-node/loop.ts', 'worker/core/judge.ts')).toMatch(/may not import/)
    expect(objection('probe-node/loop.ts', 'schema/tables.ts')).toMatch(/may not import/)
    expect(objection('schema/words.ts', 'worker/env.ts')).toMatch(/may not import/)
    expect(objection('worker/app.ts', 'test/support/x.ts')).toMatch(/nobody imports test/)
    expect(objection('worker/app.ts', 'worker/embedded/host.ts')).toMatch(/may not import/)
    expect(objection('worker/routes/scans.ts', 'schema/wire.ts')).toBeNull()
  })

  test('finds a cycle, and names it once', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', []],
    ])
    expect(cyclesOf(graph)).toEqual(['a → b → c → a'])
  })

  test('reads a repository that is there', () => {
    expect(sources.size).toBeGreaterThan(20)
    for (const path of sources.keys()) expect(ZONES).toContain(zoneOf(path))
  })
})

function linesWith(pattern: RegExp, folder: string): string[] {
  return [...sources]
    .filter(([path]) => path.startsWith(`${folder}/`))
    .flatMap(([path, text]) =>
      codeOf(text)
        .split('\n')
        .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
    )
}

/** Each way back to a file that is still being followed. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const follow = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) found.push([...trail.slice(at), path].join(' → '))
    if (at >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) follow(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) follow(path, [])
  return found
}
