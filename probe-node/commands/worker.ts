import { spawn } from 'node:child_process'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Command, usageError } from './command.ts'
import { parse, wholeNumber } from './options.ts'

const OPTIONS = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '8787' },
  data: { type: 'string', default: '.data/worker' },
  'allow-private': { type: 'boolean', default: false },
  'allow-local-receivers': { type: 'boolean', default: false },
  'dns-server': { type: 'string' },
  contact: { type: 'string' },
  'public-url': { type: 'string' },
} as const

const CONTACT = /^(mailto:[^\s@]+@[^\s@]+|https:\/\/[^\s/]\S*|tel:\+?[\d().-]+|[^\s@:/]+@[^\s@:/]+)$/i

/** The embedded Worker, in a process of its own: this side knows nothing of it but its command line. */
export const worker: Command = {
  summary: 'run the embedded Worker: API, portal and database on this machine',
  usage: `portwitness worker [--host H] [--port P] [--data DIR] [--allow-private]
                   [--allow-local-receivers] [--dns-server A] [--contact C]
                   [--public-url U]

  --host H                  address to listen on (127.0.0.1)
  --port P                  port to listen on (8787)
  --data DIR                database, raw output and keys (.data/worker); the
                            first start writes DIR/admin.key, and
                            DIR/ranges.key, which signs the published ranges
  --allow-private           private, loopback and link-local targets may be
                            scanned
  --allow-local-receivers   notices may be sent to receivers on this machine and
                            its networks
  --dns-server A            resolve names with this server instead of the
                            system's
  --contact C               whom owners of scanned hosts may write to, for
                            probing.txt and security.txt: mailto:abuse@…,
                            https://… or tel:…
  --public-url U            where others reach this Worker, when a proxy stands
                            before it: what is published names it
`,
  async run(args) {
    const { values } = parse(args, OPTIONS)
    const port = wholeNumber(values.port, 'port', 0, 65_535)
    if (isIP(values.host) === 0 && values.host !== 'localhost')
      throw usageError('--host must be an address of this machine.')
    if (values.contact !== undefined && !CONTACT.test(values.contact))
      throw usageError('--contact must be an address of mail, or begin with mailto:, https: or tel:.')
    const main = fileURLToPath(new URL('../../worker/embedded/main.ts', import.meta.url))
    const passed = ['--host', values.host, '--port', `${port}`, '--data', values.data]
    if (values['allow-private']) passed.push('--allow-private')
    if (values['allow-local-receivers']) passed.push('--allow-local-receivers')
    if (values['dns-server']) passed.push('--dns-server', values['dns-server'])
    const publicUrl = values['public-url']
    if (publicUrl !== undefined && !(URL.canParse(publicUrl) && /^https?:\/\/[^/?#]+\/*$/.test(publicUrl)))
      throw usageError('--public-url must be an http or https address without a path.')
    if (publicUrl) passed.push('--public-url', publicUrl)
    if (values.contact) passed.push('--contact', values.contact)
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...passed], {
        stdio: ['inherit', 'pipe', 'inherit'],
      })
      const keyFile = join(values.data, 'admin.key')
      createInterface({ input: child.stdout }).on('line', (line) => {
        process.stdout.write(line.startsWith('ready ') ? `${line}  key in ${keyFile}\n` : `${line}\n`)
      })
      process.on('exit', () => child.kill())
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
      child.on('error', reject)
      child.on('exit', (code) => resolve(code ?? 1))
    })
  },
}
