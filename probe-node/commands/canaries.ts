import { parseAddress } from '../../schema/address.ts'
import type { CanaryAnswer } from '../../schema/api.ts'
import { printable } from '../../schema/terminal.ts'
import { CANARY_STATES } from '../../schema/words.ts'
import { timeFor } from './ago.ts'
import { openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach, wholeNumber } from './options.ts'
import { table } from './table.ts'

const JSON_FLAG = { json: { type: 'boolean', default: false } } as const
type Canary = CanaryAnswer

export const canaries: Command = {
  summary: 'endpoints of your own that tell which probe lies',
  usage: `portwitness canaries [list] [--json]
portwitness canaries add ADDRESS PORT open|closed [--json]
portwitness canaries remove CANARY

  ADDRESS PORT              an endpoint of your own of which you know for certain
                            whether somebody listens there
  CANARY                    its id
  --json                    the answer as JSON
  --url U, --key K          the Worker and an operator's admin key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)

  Canaries are scanned each hour as any target is, by each probe in turn. A
  probe that calls a closed one open, or denies an open one again and again,
  ends in quarantine: portwitness probes shows it.
`,
  async run(args) {
    const [verb = 'list', ...rest] = args
    if (verb.startsWith('--') || verb === 'list') return list(verb === 'list' ? rest : args)
    if (verb === 'add') return add(rest)
    if (verb === 'remove') return remove(rest)
    throw usageError(`there is no 'canaries ${printable(verb, 40)}'.`)
  },
}

async function list(args: string[]): Promise<number> {
  const { values } = parse(args, { ...REACH, ...JSON_FLAG })
  const { items } = await openApi(reach(values)).get<{ items: Canary[] }>('/api/v1/canaries')
  if (values.json) process.stdout.write(jsonText(items))
  else if (items.length === 0)
    process.stdout.write(
      'No canaries: that a probe lies shows only where others look along. Add one with: portwitness canaries add\n',
    )
  else {
    const time = timeFor(process.stdout, Date.now())
    const rows = items.map((it) => [it.id, it.address, it.port, it.expect, time(it.createdAt)])
    process.stdout.write(table(['CANARY', 'ADDRESS', 'PORT', 'IS', 'ADDED'], rows))
  }
  return EXIT.clear
}

async function add(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH, ...JSON_FLAG }, 3)
  const [address = '', portText, expect = ''] = positionals
  if (!parseAddress(address)) throw usageError('which endpoint? portwitness canaries add ADDRESS PORT open|closed')
  const port = wholeNumber(portText ?? '', 'PORT', 1, 65_535)
  if (!(CANARY_STATES as readonly string[]).includes(expect))
    throw usageError(`say what is true of it: ${CANARY_STATES.join(' or ')}.`)
  const made = await openApi(reach(values)).send<Canary>('POST', '/api/v1/canaries', { address, port, expect })
  process.stdout.write(
    values.json
      ? jsonText(made)
      : `${made.id}: ${printable(made.address, 45)} port ${made.port} is ${made.expect}. It is scanned each hour.\n`,
  )
  return EXIT.clear
}

async function remove(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH }, 1)
  const [id] = positionals
  if (!id) throw usageError('which canary? portwitness canaries remove CANARY')
  await openApi(reach(values)).send('DELETE', `/api/v1/canaries/${encodeURIComponent(id)}`, undefined)
  process.stdout.write(`${printable(id, 60)} is no canary any more.\n`)
  return EXIT.clear
}
