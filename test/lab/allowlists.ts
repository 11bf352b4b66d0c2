/**
 * `npm run lab:allowlists [-- FORMAT…] [--sets 2] [--keep]` (root): each allowlist format read by its own checker, and before a real
 * defence: a scanning address that is blocked without our file gets through with it, an address next to the range does not.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { entriesOf, type Kit } from '../../worker/allowlist/kit.ts'
import { renderAllowlist } from '../../worker/allowlist/render.ts'
import { FORMATS, type Format } from '../../worker/core/remedies/remedy.ts'
import { closeWith, printTable } from '../bench/table.ts'
import { spansOf } from '../support/allowlists/grammar.ts'
import { hcl } from '../support/allowlists/hcl.ts'
import { READERS } from '../support/allowlists/readers.ts'
import type { Case } from './allowlists/case.ts'
import { MAIL } from './allowlists/mail.ts'
import { type Apart, fetchApart, PACKAGES, runs, unpack } from './allowlists/packages.ts'
import { PACKET } from './allowlists/packet.ts'
import { WEB } from './allowlists/web.ts'
import { startContainer } from './container.ts'
import { tryInstall } from './install.ts'
import { canMakeNamespaces, type Lab, labName, makeLab } from './namespaces.ts'
import { missingOf } from './needs.ts'

const CASES: readonly Case[] = [...PACKET, ...WEB, ...MAIL]
const KNOCK = join(import.meta.dirname, 'allowlists/knock.ts')
/** In 10.203.1.16/28; the other is the last address before it. */
const LISTED = 18
const NEIGHBOUR = 15
const RANGES = ['10.203.1.16/28', 'fd00:203:1::10/124']
const LIMIT_MS = 90_000

/** Formats whose defence cannot run here: why not. */
const NOT_HERE: Partial<Record<Format, string>> = {
  pf: 'pf is the kernel of BSD',
  'crowdsec-allowlist': 'Debian has CrowdSec 1.4, allowlists came with 1.6.8',
  snort: 'not in Debian 12; Suricata reads the same rules',
  csf: 'not in Debian, its maker stopped in 2025',
  traefik: 'not in Debian',
  cloudflare: 'a service',
  'cloudflare-api': 'a service',
  'cloudflare-dashboard': 'a service, steps for people',
  'aws-waf': 'a service',
  'aws-security-group': 'a service',
  'aws-prefix-list': 'a service',
  'google-cloud-armor': 'a service',
  'azure-waf': 'a service',
  'azure-nsg': 'a service',
  akamai: 'a service',
  fastly: 'a service',
  'palo-alto-edl': 'an appliance',
  fortigate: 'an appliance',
  plain: 'no defence of its own',
  csv: 'no defence of its own',
}

const kit: Kit = {
  entries: entriesOf(RANGES.map((cidr) => ({ cidr, site: 'lab-1', country: 'DE' }))),
  list: { version: '1', url: 'https://scan.example/ip-ranges.json' },
  situation: null,
  expiresAt: null,
  madeAt: 0,
}

interface Row {
  format: Format
  syntax: string
  behaviour: string
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'boolean', default: false }, sets: { type: 'string', default: '2' } },
})

async function main(): Promise<void> {
  tryInstall(PACKAGES)
  process.env.PATH = `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`
  const results = mkdtempSync(join(tmpdir(), 'portwitness-allowlists-'))
  const chosen = FORMATS.filter((one) => positionals.length === 0 || positionals.includes(one))
  const fetched = new Map<Apart, boolean>()
  for (const { format, apart } of CASES)
    if (apart && chosen.includes(format)) fetched.set(apart, fetchApart(apart, results))
  const name = labName('pwallow')
  process.once('exit', () => {
    if (values.keep) console.log(`results: ${results}`)
    else rmSync(results, { recursive: true, force: true })
  })
  const rows: Row[] = []
  const short: string[] = []
  const work = [...chosen]
  const oneSet = async (index: number) => {
    const lab = makeLab(`${name}-${index}`, [
      { name: 'target', net: 0, hosts: [20] },
      { name: 'scan', net: 1, hosts: [LISTED, NEIGHBOUR] },
    ])
    try {
      for (let format = work.shift(); format; format = work.shift()) {
        const file = join(results, `${format}.allow`)
        writeFileSync(file, renderAllowlist(format, kit).text)
        const found = await tryFormat(lab, results, format, file, fetched)
        rows.push(found.row)
        short.push(...found.short)
        console.log(`${format}: ${found.row.behaviour}`)
      }
    } finally {
      lab.remove()
    }
  }
  await Promise.all(Array.from({ length: Math.min(Number(values.sets), work.length) }, (_, i) => oneSet(i)))
  rows.sort((a, b) => FORMATS.indexOf(a.format) - FORMATS.indexOf(b.format))
  console.log()
  printTable(
    ['format', 'syntax checked by', 'behaviour checked by, or why not'],
    rows.map(({ format, syntax, behaviour }) => [format, syntax, behaviour]),
  )
  closeWith('lab:allowlists', short)
}

async function tryFormat(
  lab: Lab,
  results: string,
  format: Format,
  file: string,
  fetched: ReadonlyMap<Apart, boolean>,
) {
  const short: string[] = []
  const own = await ownReading(format, file)
  if (own.wrong) short.push(`${format}: ${own.wrong}`)
  const each = CASES.find((one) => one.format === format)
  if (!each) {
    const why = NOT_HERE[format]
    if (!why) short.push(`${format}: nobody checks it, and nothing says why`)
    return { row: { format, syntax: own.by, behaviour: why ?? 'nobody knows why not' }, short }
  }
  const missing = missingOf(each)
  if (each.apart && !fetched.get(each.apart)) missing.push(`the package of ${each.apart}`)
  if (missing.length > 0) {
    short.push(`${format}: not on this machine: ${missing.join(', ')}`)
    return { row: { format, syntax: own.by, behaviour: `not here: ${missing.join(', ')}` }, short }
  }
  const wrong = await tryCase(lab, results, each, file).catch((error: unknown) => [
    `it did not work: ${error instanceof Error ? error.message : error}`,
  ])
  short.push(...wrong.map((one) => `${format}: ${one}`))
  const verdict = wrong.length === 0 ? each.defence : `WRONG: ${wrong.join('; ')}`
  return { row: { format, syntax: each.checker, behaviour: verdict }, short }
}

/** Our own reader of the grammar, and whatever can be asked without the defence. */
async function ownReading(format: Format, file: string): Promise<{ by: string; wrong: string | null }> {
  const text = readFileSync(file, 'utf8')
  const reader = READERS[format]
  const by =
    reader === hcl
      ? 'hcl2json (HashiCorp’s parser)'
      : isShell(format)
        ? 'sh -n, own reader'
        : 'own reader of its grammar'
  try {
    const { networks } = await reader(text)
    if (spansOf(networks).join() !== spansOf(RANGES).join()) return { by, wrong: `means ${networks.join(', ')}` }
    if (isShell(format) && !runs('sh', '-n', file)) return { by, wrong: 'the shell does not read it' }
    return { by, wrong: null }
  } catch (error) {
    return { by, wrong: error instanceof Error ? error.message : String(error) }
  }
}
const isShell = (format: Format): boolean =>
  ['ufw', 'firewalld', 'crowdsec-allowlist', 'cloudflare-api'].includes(format)

/** What is wrong; nothing when the defence blocks both addresses without our file, and only the neighbour with it. */
async function tryCase(lab: Lab, results: string, each: Case, file: string): Promise<string[]> {
  const wrong: string[] = []
  for (const allowed of [false, true])
    for (const host of [LISTED, NEIGHBOUR]) {
      // A fresh target each time: nobody is judged by what another did.
      lab.renew('target', [20])
      const state = join(results, `${each.format}-${allowed ? 'with' : 'without'}-${host}`)
      mkdirSync(state, { recursive: true })
      const said = await tryOnce(lab, state, each, allowed ? file : null, host)
      const through = each.through.test(said)
      const wanted = allowed && host === LISTED
      const who = host === LISTED ? 'the scanner' : 'its neighbour'
      if (through !== wanted)
        wrong.push(
          `${allowed ? 'with' : 'without'} our file ${who} ${through ? 'gets through' : 'is blocked'} (${said.slice(0, 80)})`,
        )
    }
  return wrong
}

async function tryOnce(lab: Lab, state: string, each: Case, file: string | null, host: number): Promise<string> {
  const words = {
    TARGET: lab.address('target'),
    SCANNER: lab.address('scan', LISTED),
    SCAN_NET: '10.203.1.0/24',
    SOURCE: lab.address('scan', host),
    BAN_S: '300',
    ALLOW: file ?? '',
  }
  const parts = [each.apart ? unpack(each.apart, join(state, '..')) : '', each.up, file ? each.allow : '']
  const container = await startContainer(lab.namespace('target'), state, parts.join('\n'), words)
  try {
    if (file) {
      const { code, out, err } = await container.run(each.check, 60_000)
      if (code !== 0) throw new Error(`${each.checker} is not content: ${`${out}${err}`.trim().slice(-200)}`)
    }
    if ('shell' in each.try) return (await container.run(each.try.shell, LIMIT_MS)).out.trim()
    const { port, kind, count, pauseMs = 0, settleMs = 0, text = '' } = each.try
    const args = [words.SOURCE, words.TARGET, port, kind, count, pauseMs, settleMs, text].map(String)
    const { out, err } = await lab.call('scan', [process.execPath, KNOCK, ...args], { timeoutMs: LIMIT_MS })
    return out.trim() || err.trim()
  } finally {
    await container.stop()
  }
}

if (canMakeNamespaces()) await main()
else console.log('lab:allowlists: skipped, network namespaces need root and iproute2')
