#!/usr/bin/env node
// Finds a Node that runs TypeScript as it stands (22.18 or newer; npm brings 24 along) and hands over to main.ts.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const main = join(root, 'probe-node', 'main.ts')
// Stripped and compiled once: later starts take half the time, and never load the TypeScript stripper at all.
const cache = join(root, 'node_modules', '.cache', 'portwitness')
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) {
  process.removeAllListeners('warning')
  module.enableCompileCache?.(cache)
  await import(pathToFileURL(main).href)
} else {
  const node = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
  if (!existsSync(node)) {
    console.error('portwitness: packages are not installed. Run: npm ci')
    process.exit(1)
  }
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? cache },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
}
