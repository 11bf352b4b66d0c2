#!/usr/bin/env node
// Finds a Node that runs TypeScript as it stands (22.18 or newer; npm brings 24 along) and hands over to main.ts.
import { existsSync, readdirSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const main = join(root, 'probe-node', 'main.ts')
// Stripped and compiled once: later starts take half the time, and never load the TypeScript stripper at all.
const cache = join(root, 'node_modules', '.cache', 'portwitness')
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

// A probe lives long on a small machine. A heap that is collected early, one malloc arena instead of one a thread, and no
// second compiler, which is as large as all of our code: 97 MB at the peak of a full scan instead of 139, and no slower.
const SMALL = ['--optimize-for-size', '--max-semi-space-size=1', '--initial-old-space-size=12', '--no-turbofan']
const wantsSmall = process.argv[2] === 'probe' && major === 24 && !process.execArgv.includes(SMALL[0])

if (major > 22 || (major === 22 && minor >= 18)) {
  process.removeAllListeners('warning')
  if (wantsSmall && process.execve)
    process.execve(process.execPath, [process.execPath, ...SMALL, ...process.execArgv, ...process.argv.slice(1)], {
      ...process.env,
      MALLOC_ARENA_MAX: '1',
      // What is compiled under other flags is thrown away: the probe keeps its own.
      NODE_COMPILE_CACHE: `${cache}-small`,
    })
  module.enableCompileCache?.(cache)
  if (process.argv[3] === '--warm') {
    // For the set-up: only compiles, and keeps what was compiled.
    const files = [
      'agent.ts',
      'sweep/thread.ts',
      ...readdirSync(join(root, 'probe-node/commands')).map((it) => `commands/${it}`),
    ]
    for (const file of files) await import(pathToFileURL(join(root, 'probe-node', file)).href)
    module.flushCompileCache?.()
    process.exit(0)
  }
  setTimeout(() => module.flushCompileCache?.(), 3_000).unref()
  await import(pathToFileURL(main).href)
} else {
  const node = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
  if (!existsSync(node)) {
    console.error('portwitness: packages are not installed. Run: npm ci')
    process.exit(1)
  }
  const { spawn } = await import('node:child_process')
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? cache },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
}
