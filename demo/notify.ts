/**
 * `npm run demo:notify`: the demo stack scans a guarded host; when the guard has shut the scanner out and the verdict is
 * stored, three receivers on this machine are told: a signed webhook, Slack and Discord. Prints what came, and how long after
 * the verdict. Ends with 0 when each was told once.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ScanAnswer } from '../schema/api.ts'
import type { NewChannelAnswer } from '../schema/channels.ts'
import type { Child } from './children.ts'
import { freePort, quietWindow } from './loopback.ts'
import { openReceiver } from './receiver.ts'
import { DEMO_ADDRESS, FLEET, probesReady, startDemoHost, startProbe, startWorker } from './stack.ts'

const ROOT = join(import.meta.dirname, '..')
const WINDOW = 500
const PATIENCE_MS = 240_000
const CHANNELS = [
  { kind: 'webhook', name: 'a webhook', path: '/hooks/portwitness' },
  { kind: 'slack', name: 'Slack', path: '/services/T0/B0/demo' },
  { kind: 'discord', name: 'Discord', path: '/api/webhooks/1/demo' },
] as const

const data = mkdtempSync(join(tmpdir(), 'portwitness-notify-'))
const receiver = await openReceiver()
const started: Child[] = []
try {
  process.exitCode = await main()
} finally {
  await Promise.all(started.map((child) => child.stop()))
  receiver.close()
  rmSync(data, { recursive: true, force: true })
}
process.exit()

async function main(): Promise<number> {
  const { port } = await freePort('127.0.0.1', 8_790)
  say('Starting the Worker, five probes and a guarded host …')
  const worker = await startWorker(ROOT, join(data, 'worker'), port, ['--allow-local-receivers'])
  started.push(worker.child)
  for (const member of FLEET) started.push(await startProbe(ROOT, worker, member, join(data, member.sourceAddress)))
  await probesReady(worker.api, FLEET.length, 30_000)
  const { from, to } = await quietWindow(DEMO_ADDRESS, WINDOW)
  const host = await startDemoHost(ROOT, DEMO_ADDRESS, ['--from', `${from}`, '--to', `${to}`])
  started.push(host.child)
  for (const { kind, name, path } of CHANNELS)
    await worker.api.send<NewChannelAnswer>('POST', '/api/v1/channels', { kind, name, url: `${receiver.url}${path}` })

  const wish = { address: DEMO_ADDRESS, name: 'Demo host', ports: `${from}-${to}`, profile: 'assertive' }
  const target = await worker.api.send<{ id: string }>('POST', '/api/v1/targets', wish)
  const opened = await worker.api.send<ScanAnswer>('POST', '/api/v1/scans', { targetId: target.id, site: 'fra-1' })
  say(`Scan ${opened.id} of ${DEMO_ADDRESS} runs; its guard will shut the scanner out …`)
  const scan = await ended(() => worker.api.get<ScanAnswer>(`/api/v1/scans/${opened.id}`))
  const verdictAt = Date.parse(scan.finishedAt ?? '')
  say(`Verdict: ${scan.verdict}, stored at ${scan.finishedAt}`)
  await until(() => CHANNELS.every(({ path }) => arrivalsAt(path).length > 0), 30_000)

  let isGood = scan.verdict === 'interference'
  for (const { name, path } of CHANNELS) {
    const [first, ...more] = arrivalsAt(path)
    const said = first
      ? `${first.at - verdictAt} ms after the verdict, ${first.body.length} characters`
      : 'nothing came'
    say(`${name.padEnd(10)} ${said}${more.length > 0 ? `, and ${more.length} more` : ''}`)
    isGood &&= first !== undefined && more.length === 0
  }
  const [hook] = arrivalsAt(CHANNELS[0].path)
  if (hook) {
    const { type, data: told } = JSON.parse(hook.body) as { type: string; data: { title: string; text: string } }
    say(`\n${type}: ${told.title}\n${told.text}\nsigned: ${hook.headers['webhook-signature']}`)
  }
  say(isGood ? 'demo:notify: ok' : 'demo:notify: short: not each channel was told once')
  return isGood ? 0 : 1
}

function arrivalsAt(path: string) {
  return receiver.arrivals.filter((one) => one.path.startsWith(path))
}

async function ended(read: () => Promise<ScanAnswer>): Promise<ScanAnswer> {
  let scan = await read()
  await until(async () => {
    scan = await read()
    return scan.finishedAt !== null
  }, PATIENCE_MS)
  return scan
}

async function until(holds: () => boolean | Promise<boolean>, patienceMs: number): Promise<void> {
  const end = Date.now() + patienceMs
  while (!(await holds()) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 100))
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
