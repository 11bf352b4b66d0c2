/**
 * A probe on a machine that has run out of something, against a scripted Worker and a host with many open ports, all in this
 * process or, with `--files N`, the probe in one of its own that may open no more. Prints what it reported, as JSON.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type AgentOptions, runAgent } from '../../probe-node/agent.ts'
import { scanPlan } from '../support/agent.ts'
import { fakeDesk } from '../support/fake-desk.ts'
import { ROOT } from './build.ts'
import { MANY_PORTS, openHost } from './hosts.ts'

const { values } = parseArgs({ options: { files: { type: 'string' }, disk: { type: 'string' } } })
const ADDRESS = '127.55.0.9'
const SOURCE = '127.55.0.7'
const PORTS = '20800-21300'
const PATIENCE_MS = 90_000

const data = values.disk ?? mkdtempSync(join(tmpdir(), 'portwitness-limited-'))
const host = await openHost(ADDRESS, null, MANY_PORTS)
const desk = await fakeDesk()
const signal = AbortSignal.timeout(PATIENCE_MS)
const options: AgentOptions = {
  url: desk.url,
  token: 'one-use',
  dataDir: data,
  sourceAddress: SOURCE,
  allowPrivate: true,
  log: () => {},
}

function start(): { stop(): Promise<void> } {
  if (values.files === undefined) {
    const controller = new AbortController()
    const over = runAgent(options, controller.signal).catch(() => {})
    return {
      stop: async () => {
        controller.abort()
        await over
      },
    }
  }
  const command = `ulimit -n ${Number(values.files)}; exec "$0" bin/portwitness.mjs probe --url ${desk.url} --token one-use --data ${data} --source-address ${SOURCE} --allow-private`
  const child = spawn('sh', ['-c', command, process.execPath], { cwd: ROOT, stdio: 'ignore' })
  return { stop: async () => void child.kill('SIGKILL') }
}

let answersFail = values.disk !== undefined
desk.onResult = () => ({ status: answersFail ? 503 : 200, headers: { 'retry-after': '1' } })
const agent = start()
if (values.disk) {
  // The key is written; then there is room for nothing more.
  while (desk.of('lease').length === 0 && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 50))
  try {
    for (let i = 0; ; i++) writeFileSync(join(data, `filler-${i}`), 'x'.repeat(4_096))
  } catch {
    // full
  }
}
const run = desk.offer(scanPlan({ addresses: [ADDRESS], ports: PORTS, profile: 'standard' }))
if (values.disk) setTimeout(() => (answersFail = false), 25_000)
const result = await Promise.race([
  desk.result(run),
  new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null))),
])
const reports = [...desk.of('renew'), ...desk.of('alarm'), ...desk.of('result')].filter((one) => one.runId === run)
const seen = reports.flatMap(({ observations }) => observations).filter(({ port }) => MANY_PORTS.includes(port))
console.log(
  JSON.stringify({
    outcome: result?.outcome ?? null,
    ports: result?.ports ?? null,
    found: [...new Set(reports.flatMap(({ found }) => found).map(({ port }) => port))],
    recheck: result?.recheck ?? [],
    falselyClosed: seen.filter(({ sight, fit }) => fit !== false && sight !== 'open' && sight !== 'probe_fault'),
    faults: seen.filter(({ sight }) => sight === 'probe_fault').length,
    unfit: desk
      .of('lease')
      .flatMap(({ health }) => (health.fit ? [] : health.reasons))
      .slice(0, 3),
    epochs: Math.max(0, ...reports.map(({ epoch }) => epoch)),
  }),
)
await agent.stop()
await desk.close()
await host.close()
if (!values.disk) rmSync(data, { recursive: true, force: true })
process.exit(0)
