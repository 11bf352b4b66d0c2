import type { KeyAnswer, NewKeyAnswer } from '../../schema/api.ts'
import { printable } from '../../schema/terminal.ts'
import { SCOPES, type Scope } from '../../schema/words.ts'
import { timeFor } from './ago.ts'
import { type Api, openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach, wholeNumber } from './options.ts'
import { table } from './table.ts'

const JSON_FLAG = { json: { type: 'boolean', default: false } } as const
const DAY_MS = 86_400_000

export const keys: Command = {
  summary: 'list, make and revoke API keys',
  usage: `portwitness keys [list] [--json]
portwitness keys add NAME [--scope S] [--days N] [--json]
portwitness keys revoke KEY

  KEY                       its id
  --scope S                 ${SCOPES.join(', ')} (read). read sees, write also
                            changes targets, scans and issues, admin also the
                            fleet, keys and switches
  --days N                  it expires after so many days; never unless given
  --json                    the answer as JSON
  --url U, --key K          the Worker and an admin key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)

  A new key is shown this once, alone on standard output.
`,
  async run(args) {
    const [verb = 'list', ...rest] = args
    if (verb.startsWith('--') || verb === 'list') return list(verb === 'list' ? rest : args)
    if (verb === 'add') return add(rest)
    if (verb === 'revoke') return revoke(rest)
    throw usageError(`there is no 'keys ${printable(verb, 40)}'.`)
  },
}

/** Those on later pages too: an old key opens no less than a new one. */
async function everyKey(api: Api): Promise<KeyAnswer[]> {
  const items: KeyAnswer[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: Page = await api.get<Page>(`/api/v1/keys?limit=200${after}`)
    items.push(...page.items)
    cursor = page.nextCursor
  }
  return items
}
interface Page {
  items: KeyAnswer[]
  nextCursor: string | null
}

async function list(args: string[]): Promise<number> {
  const { values } = parse(args, { ...REACH, ...JSON_FLAG })
  const items = await everyKey(openApi(reach(values)))
  if (values.json) process.stdout.write(jsonText(items))
  else if (items.length === 0)
    process.stdout.write('No keys but the one that came with the stack. Make one with: portwitness keys add\n')
  else {
    const time = timeFor(process.stdout, Date.now())
    const when = (at: string | null, none: string) => (at === null ? none : time(at))
    const rows = items.map((it) => [
      ...[it.id, printable(it.name, 40), `${it.hint}…`, it.scope],
      ...[time(it.createdAt), when(it.expiresAt, 'never'), when(it.lastUsedAt, 'never')],
    ])
    process.stdout.write(table(['KEY', 'NAME', 'BEGINS', 'SCOPE', 'MADE', 'EXPIRES', 'LAST USED'], rows))
  }
  return EXIT.clear
}

async function add(args: string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    { ...REACH, ...JSON_FLAG, scope: { type: 'string', default: 'read' }, days: { type: 'string' } },
    1,
  )
  const [name] = positionals
  if (!name) throw usageError('which name? portwitness keys add NAME')
  if (!SCOPES.includes(values.scope as Scope)) throw usageError(`--scope must be one of ${SCOPES.join(', ')}.`)
  const days = wholeNumber(values.days, 'days', 1, 3_650)
  const made = await openApi(reach(values)).send<NewKeyAnswer>('POST', '/api/v1/keys', {
    ...{ name, scope: values.scope },
    ...(days === undefined ? {} : { expiresAt: new Date(Date.now() + days * DAY_MS).toISOString() }),
  })
  if (values.json) process.stdout.write(jsonText(made))
  else {
    process.stdout.write(`${made.key}\n`)
    process.stderr.write(`Shown this once. It is ${made.id}, of scope ${made.scope}.\n`)
  }
  return EXIT.clear
}

async function revoke(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH }, 1)
  const [id] = positionals
  if (!id) throw usageError('which key? portwitness keys revoke KEY')
  await openApi(reach(values)).send('DELETE', `/api/v1/keys/${encodeURIComponent(id)}`, undefined)
  process.stdout.write(`${printable(id, 60)} is revoked, with every session that it opened.\n`)
  return EXIT.clear
}
