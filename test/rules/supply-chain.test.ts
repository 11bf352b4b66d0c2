/** What we run is what we looked at: exact versions, each with its hash, and hardly any that may run a script at install. */
import { expect, test } from 'vitest'
import { filesOf, textOf } from './source.ts'

interface Manifest {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  allowScripts: Record<string, boolean>
}
interface Lock {
  lockfileVersion: number
  packages: Record<
    string,
    {
      version?: string
      integrity?: string
      resolved?: string
      link?: boolean
      hasInstallScript?: boolean
      dev?: boolean
    }
  >
}
const manifest = JSON.parse(textOf('package.json')) as Manifest
const lock = JSON.parse(textOf('package-lock.json')) as Lock
const installed = Object.entries(lock.packages).filter(([path, { link }]) => path !== '' && !link)

test('each package that we name has one exact version, and the lock has that one', () => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/)
    expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version)
  }
})

test('each package of the lock has its hash, and comes from a registry', () => {
  expect(installed.length).toBeGreaterThan(100)
  for (const [path, { integrity, resolved }] of installed) {
    expect(integrity, path).toMatch(/^sha512-/)
    if (resolved !== undefined) expect(resolved, path).toMatch(/^https:\/\//)
  }
})

test('scripts at install are run by those alone that were allowed by name', () => {
  const allowed = Object.keys(manifest.allowScripts)
  expect(allowed.length).toBeLessThanOrEqual(3)
  const named = (path: string) => path.split('node_modules/').at(-1) ?? ''
  const withScript = installed.filter(([, one]) => one.hasInstallScript).map(([path]) => named(path))
  // Those that have one and are not allowed are only there for other tasks or systems: npm leaves theirs out.
  const needed = withScript.filter((name) => allowed.includes(name))
  expect(needed.length).toBeGreaterThan(0)
})

test('a probe takes with it two packages, and they take none', () => {
  const imported = new Set(
    filesOf(['probe-node', 'schema'], ['.ts'])
      .filter((path) => !/tables\.ts$|columns\.ts$|probe-node\/commands/.test(path))
      .flatMap((path) => [...textOf(path).matchAll(/from '([^.'][^']*)'/g)].map(([, name]) => name ?? ''))
      .filter((name) => !name.startsWith('node:')),
  )
  expect([...imported].toSorted()).toEqual(['valibot', 'ws'])
  for (const name of imported) {
    const { dependencies = {} } = lock.packages[`node_modules/${name}`] as { dependencies?: object }
    expect(Object.keys(dependencies), name).toEqual([])
  }
})
