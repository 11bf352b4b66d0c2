import type { NewTenantAnswer, TenantAnswer } from '../../schema/api.ts'
import { printable } from '../../schema/terminal.ts'
import { timeFor } from './ago.ts'
import { openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach } from './options.ts'
import { table } from './table.ts'

const JSON_FLAG = { json: { type: 'boolean', default: false } } as const

export const tenants: Command = {
  summary: 'list, add and remove tenants (operators)',
  usage: `portwitness tenants [list] [--json]
portwitness tenants add NAME [--json]     with its first admin key
portwitness tenants remove TENANT         its keys and schedules end at once

  TENANT                    its id
  --json                    the answer as JSON
  --url U, --key K          the Worker and the operator's admin key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)

  A new tenant's key is shown this once, alone on standard output.
`,
  async run(args) {
    const [verb = 'list', ...rest] = args
    if (verb.startsWith('--') || verb === 'list') return list(verb === 'list' ? rest : args)
    if (verb === 'add') return add(rest)
    if (verb === 'remove') return remove(rest)
    throw usageError(`there is no 'tenants ${printable(verb, 40)}'.`)
  },
}

async function list(args: string[]): Promise<number> {
  const { values } = parse(args, { ...REACH, ...JSON_FLAG })
  const { items } = await openApi(reach(values)).get<{ items: TenantAnswer[] }>('/api/v1/tenants')
  if (values.json) process.stdout.write(jsonText(items))
  else {
    const time = timeFor(process.stdout, Date.now())
    const added = (at: string) => (Date.parse(at) === 0 ? 'from the start' : time(at))
    const rows = items.map((it) => [it.id, printable(it.name, 60), added(it.createdAt)])
    process.stdout.write(table(['TENANT', 'NAME', 'ADDED'], rows))
  }
  return EXIT.clear
}

async function add(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH, ...JSON_FLAG }, 1)
  const [name] = positionals
  if (!name) throw usageError('which name? portwitness tenants add NAME')
  const made = await openApi(reach(values)).send<NewTenantAnswer>('POST', '/api/v1/tenants', { name })
  if (values.json) process.stdout.write(jsonText(made))
  else {
    process.stdout.write(`${made.key}\n`)
    process.stderr.write(`Shown this once. It is the first admin key of ${made.id}.\n`)
  }
  return EXIT.clear
}

async function remove(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH }, 1)
  const [id] = positionals
  if (!id) throw usageError('which tenant? portwitness tenants remove TENANT')
  await openApi(reach(values)).send('DELETE', `/api/v1/tenants/${encodeURIComponent(id)}`, undefined)
  process.stdout.write(`${printable(id, 60)} is removed.\n`)
  return EXIT.clear
}
