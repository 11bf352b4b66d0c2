/**
 * `npm start`: a whole Portwitness on this machine, a demo host with a guard, one scan, and what came of it.
 * `npm start -- --once [--no-guard | --stop-service]` ends after the verdict: 0 only if it is the one that mode must give.
 */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openDisplay, paintFor } from '../probe-node/commands/display.ts'
import { follow } from '../probe-node/commands/follow.ts'
import { progressOn } from '../probe-node/commands/progress.ts'
import { summaryOf } from '../probe-node/commands/summary.ts'
import { widthOf } from '../probe-node/commands/wrap.ts'
import type { ScanAnswer } from '../schema/api.ts'
import type { Child } from './children.ts'
import { differences, type Mode } from './expectation.ts'
import { lastLines } from './lastLines.ts'
import { freePort, missingAddresses, quietWindow } from './loopback.ts'
import { DEMO_ADDRESS, FLEET, probesReady, startDemoHost, startProbe, startWorker } from './stack.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const WORKER_PORT = 8787
/** so many ports are scanned; three of them are open */
const WINDOW = 2_000
const RATE = 2_000

const USAGE = `usage: npm start -- [--once] [--no-guard | --stop-service]

  --once           end after the verdict: 0 when it is the one the demo must give,
                   else 1
  --no-guard       the demo host bans nobody: the scan must end clear
  --stop-service   a service stops half-way: the scan must end incomplete
`

const { once, mode } = readArgs()
const data = once ? join(ROOT, '.data', `demo-${randomBytes(4).toString('hex')}`) : join(ROOT, '.data', 'start')
/** whom the guard lets through: what the portal gives, put there by who plays the administrator */
const allowlist = join(data, 'demo-guard-allow.txt')
const display = openDisplay(process.stderr)
const say = (text: string) => display.line(text)
/** all that we started: the Worker first, then the probes and the demo host */
const children: Child[] = []
const stop = new AbortController()

async function main(): Promise<number> {
  process.on('SIGINT', () => stop.abort())
  process.on('SIGTERM', () => stop.abort())
  // The last resort, should this process fall over itself: nothing we started stays behind.
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL')
  })
  try {
    return await Promise.race([demo(), interrupted()])
  } catch (error) {
    if (stop.signal.aborted) return 1
    say(`\nThe demo failed: ${error instanceof Error ? error.message : error}`)
    for (const child of children.filter((it) => it.hasEnded())) say(`\n${child.name} ended:\n${child.output()}`)
    return 1
  } finally {
    display.end()
    // Probes before the Worker: they have a last word for it.
    const [worker, ...others] = children
    await Promise.all(others.map((child) => child.stop()))
    await worker?.stop()
    if (once) await rm(data, { recursive: true, force: true })
  }
}

async function demo(): Promise<number> {
  await checkAddresses()
  const { port, takenBy } = await freePort('127.0.0.1', WORKER_PORT)
  if (takenBy) say(`Port ${WORKER_PORT} is taken by ${takenBy}: using ${port}.`)

  say('Starting the Worker …')
  const worker = await startWorker(ROOT, data, port)
  children.push(worker.child)
  say(`Starting ${FLEET.length} probes in ${new Set(FLEET.map((member) => member.site)).size} sites …`)
  for (const member of FLEET) {
    children.push(await startProbe(ROOT, worker, member, join(data, `probe-${member.sourceAddress}`)))
  }
  await Promise.race([probesReady(worker.api, FLEET.length, 30_000), oneEnds(children)])
  const window = await quietWindow(DEMO_ADDRESS, WINDOW)
  // The guard of each demo begins with nobody on its list, whatever was put there in the last one.
  await rm(allowlist, { force: true })
  const host = await startDemoHost(ROOT, DEMO_ADDRESS, [
    ...['--from', `${window.from}`, '--to', `${window.to}`],
    ...(mode === 'guard' ? ['--allow', allowlist] : [`--${mode}`]),
  ])
  children.push(host.child)
  say(`Demo host at ${DEMO_ADDRESS}: ${MODE_SAYS[mode]}.`)

  const { api } = worker
  const ports = `${window.from}-${window.to}`
  const target = await targetFor(api, ports)
  const accepted = await api.send<ScanAnswer>('POST', '/api/v1/scans', {
    targetId: target,
    ports,
    profile: 'assertive',
    site: 'fra-1',
  })
  say(`Scanning ports ${ports} from ${FLEET[0]?.site}, the way a vulnerability scanner does …`)
  const scan = await follow(api, accepted, progressOn(display, { accompany: false }), stop.signal)
  display.end()
  // With --once the Worker ends with this scan: no link would lead anywhere.
  const look = { url: once ? null : worker.url, width: widthOf(process.stdout), paint: paintFor(process.stdout) }
  process.stdout.write(`\n${summaryOf(scan, look)}`)

  if (once) {
    const differs = differences(mode, host, scan)
    for (const sentence of differs) say(`Not as it must be: ${sentence}.`)
    process.stdout.write('\nThe demo ends here. npm start without --once keeps it running to browse.\n')
    return differs.length === 0 ? 0 : 1
  }
  const { url } = await api.send<{ url: string }>('POST', '/api/v1/sessions/once', {})
  const keyFile = join(data, 'admin.key')
  const guarded = mode === 'guard' ? allowlist : null
  process.stdout.write(`\n${lastLines({ portal: url, url: worker.url, keyFile, allowlist: guarded })}`)
  return await new Promise<number>(() => {})
}

/** Rejects as soon as one of them is gone, which none should be. */
const oneEnds = (running: readonly Child[]): Promise<never> =>
  Promise.race(
    running.map(async (child) => {
      await child.exited
      throw new Error(`${child.name} ended`)
    }),
  )

const MODE_SAYS: Record<Mode, string> = {
  guard: 'three services behind a guard that bans whoever connects too often',
  'no-guard': 'three services, unguarded',
  'stop-service': 'three services, one of which will fall over',
}

/** The target of the demo host; the one of an earlier `npm start` is used again. */
async function targetFor(api: Awaited<ReturnType<typeof startWorker>>['api'], ports: string): Promise<string> {
  const { items } = await api.get<{ items: { id: string }[] }>(`/api/v1/targets?address=${DEMO_ADDRESS}`)
  const [known] = items
  if (known) return known.id
  const wanted = { address: DEMO_ADDRESS, name: 'Demo host', ports, maxConnectsPerSecond: RATE }
  return (await api.send<{ id: string }>('POST', '/api/v1/targets', wanted)).id
}

async function checkAddresses(): Promise<void> {
  const missing = await missingAddresses([DEMO_ADDRESS, ...FLEET.map((member) => member.sourceAddress)])
  if (missing.length === 0) return
  const aliases = missing.map((address) => `  sudo ifconfig lo0 alias ${address} up`).join('\n')
  throw new Error(`this machine has no loopback address ${missing.join(', ')}. On macOS add them with:\n${aliases}`)
}

const interrupted = (): Promise<number> =>
  new Promise((resolve) => stop.signal.addEventListener('abort', () => resolve(once ? 1 : 0), { once: true }))

function readArgs(): { once: boolean; mode: Mode } {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        'no-guard': { type: 'boolean' },
        'stop-service': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) {
      process.stdout.write(USAGE)
      process.exit(0)
    }
    if (values['no-guard'] && values['stop-service'])
      throw new Error('--no-guard and --stop-service exclude each other.')
    return {
      once: values.once,
      mode: values['no-guard'] ? 'no-guard' : values['stop-service'] ? 'stop-service' : 'guard',
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}`)
    process.exit(2)
  }
}

process.exit(await main())
