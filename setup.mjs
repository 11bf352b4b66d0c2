// All set-up, then one job, in Node 24 from npm: `node setup.mjs start|test|test:portal|test:slow|types|lint|run FILE …`.
// Plain JavaScript, so that it runs in whatever Node (20 or newer) npm itself was started with.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(fileURLToPath(import.meta.url))
const BIN = join(ROOT, 'node_modules', '.bin')
const STAMP = join(ROOT, 'node_modules', '.portwitness-lock')

const ENV = {
  ...process.env,
  // Node 24 and the tools of this clone come first. Nothing reports home, nothing is looked up.
  PATH: `${BIN}${delimiter}${process.env.PATH ?? ''}`,
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  DO_NOT_TRACK: '1',
}

/** Each job: the command lines to run, one after the other. */
const JOBS = {
  start: (args) => [['node', '--disable-warning=ExperimentalWarning', 'demo/start.ts', ...args]],
  // The stories that need a browser have a command of their own.
  test: (args) => [['vitest', 'run', ...(args.includes('--project') ? [] : ['--project', '!portal']), ...args]],
  'test:portal': (args) => [['vitest', 'run', '--project', 'portal', ...args]],
  'test:slow': (args) => [['vitest', 'run', '--project', 'line', 'test/line/slow', ...args]],
  types: () => tsconfigs('.').map((folder) => ['tsc', '-p', folder]),
  lint: (args) => [['biome', 'check', ...args]],
  run: (args) => [['node', '--disable-warning=ExperimentalWarning', ...args]],
}

const [job, ...args] = process.argv.slice(2)
if (!job || !(job in JOBS)) {
  console.error(`usage: node setup.mjs ${Object.keys(JOBS).join('|')} …`)
  process.exit(2)
}
install()
if (job === 'start' || job === 'run') warm()
if (job === 'test:slow') ENV.PORTWITNESS_SLOW = '1'
for (const [command, ...rest] of JOBS[job](args)) {
  const code = await run(command, rest)
  if (code !== 0) process.exit(code)
}

/**
 * Compiles our code once, so that no probe has to carry the compiler of its first start in memory. The probe's turn comes
 * twice: what it runs with is only kept once it no longer has to be stripped of its types.
 */
function warm() {
  if (job === 'start' && existsSync(join(ROOT, 'node_modules', '.cache', 'portwitness-small'))) return
  for (const command of ['probe', 'probe', 'scan'])
    spawnSync(join(BIN, 'node'), [join(ROOT, 'bin', 'portwitness.mjs'), command, '--warm'], {
      env: ENV,
      stdio: 'ignore',
      timeout: 20_000,
    })
}

/** Installs what package-lock.json says, when that has not been done for this very file yet. */
function install() {
  const lock = join(ROOT, 'package-lock.json')
  const digest = createHash('sha256')
    .update(readFileSync(lock))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex')
  if (isInstalled(lock, digest)) return
  console.error('Installing packages (npm ci) …')
  // `npm ci` gives up where a mirror lacks the optional packages of other systems; `npm install` does not need them.
  const code = npm('ci', 'ignore') && npm('install', 'inherit', '--no-save')
  if (code !== 0) process.exit(code)
  if (!hasNode24()) {
    console.error('Node 24 did not arrive: npm must be allowed to run the install script of the package "node".')
    console.error('Run: npm rebuild node')
    process.exit(1)
  }
  writeFileSync(STAMP, digest)
}

function npm(command, stderr, ...options) {
  const all = [command, '--no-audit', '--no-fund', '--loglevel=error', ...options]
  const stdio = ['ignore', 'inherit', stderr]
  return spawnSync('npm', all, { cwd: ROOT, env: ENV, stdio, shell: process.platform === 'win32' }).status ?? 1
}

function isInstalled(lock, digest) {
  if (!hasNode24()) return false
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === digest) return true
  // Installed by hand: npm writes this file at the end of each install.
  const installed = join(ROOT, 'node_modules', '.package-lock.json')
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs
}

function hasNode24() {
  try {
    return execFileSync(join(BIN, 'node'), ['--version'], { encoding: 'utf8' }).startsWith('v24.')
  } catch {
    return false
  }
}

/** Runs one command to its end and gives its exit code. Signals are passed on. */
function run(command, rest) {
  return new Promise((resolve) => {
    const child = spawn(join(BIN, command), rest, {
      cwd: ROOT,
      env: ENV,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    })
    const pass = (signal) => child.kill(signal)
    process.on('SIGTERM', pass)
    process.on('SIGINT', pass)
    child.on('error', (error) => {
      console.error(error.message)
      resolve(1)
    })
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', pass)
      process.off('SIGINT', pass)
      resolve(signal ? 1 : (code ?? 1))
    })
  })
}

/** Every folder with a tsconfig.json of its own. */
function tsconfigs(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map((entry) => join(folder, entry.name))
    .flatMap((path) => [...(existsSync(join(ROOT, path, 'tsconfig.json')) ? [path] : []), ...tsconfigs(path)])
}
