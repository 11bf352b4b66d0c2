/** The embedded Worker as a process of its own: `portwitness worker` starts this file. */
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startHost } from './host.ts'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8787' },
    data: { type: 'string', default: '.data/worker' },
    'allow-private': { type: 'boolean', default: false },
    'allow-local-receivers': { type: 'boolean', default: false },
    'dns-server': { type: 'string' },
    contact: { type: 'string' },
    'public-url': { type: 'string' },
  },
})

const stopSignal = new Promise<void>((done) => {
  process.once('SIGTERM', () => done())
  process.once('SIGINT', () => done())
})

try {
  const host = await startHost({
    host: values.host,
    port: Number(values.port),
    data: resolve(values.data),
    root: resolve(dirname(fileURLToPath(import.meta.url)), '../..'),
    allowPrivate: values['allow-private'],
    allowLocalReceivers: values['allow-local-receivers'],
    dnsServer: values['dns-server'] ?? null,
    contact: values.contact ?? null,
    publicUrl: values['public-url'] ?? null,
  })
  process.stdout.write(`ready ${host.url}\n`)
  await stopSignal
  await host.stop()
  process.exit(0)
} catch (error) {
  process.stderr.write(`portwitness worker: ${reason(error)}\n`)
  process.exit(1)
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    return `address ${values.host}:${values.port} is already in use.`
  if ((error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL')
    return `${values.host} is not an address of this machine.`
  return error.message
}
