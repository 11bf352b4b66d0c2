import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { LetterAnswer } from '../../schema/control.ts'
import { printable } from '../../schema/terminal.ts'
import { openApi } from './api.ts'
import { type Command, CommandFailure, EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { needed, parse, REACH, reach } from './options.ts'
import { table } from './table.ts'

const JSON_FLAG = { json: { type: 'boolean', default: false } } as const

export const letters: Command = {
  summary: 'letters by which holders of ranges let a tenant scan them',
  usage: `portwitness letters [list] [--json]
portwitness letters add FILE --tenant T --range CIDR --signed-by NAME
                             --signed-at DATE --expires-at DATE [--note TEXT]
portwitness letters revoke LETTER

  FILE                      the letter as it was signed, such as a PDF: its
                            SHA-256 is entered, the letter itself stays with you
  LETTER                    its id
  --tenant T                the tenant that may scan the range
  --range CIDR              the range, or one address
  --signed-by NAME          who signed it, for whom
  --signed-at, --expires-at such as 2026-11-29; a year apart at most
  --json                    the answer as JSON
  --url U, --key K          the Worker and an operator's admin key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)

  What runs on a letter's strength alone stops when it is revoked, or ends.
`,
  async run(args) {
    const [verb = 'list', ...rest] = args
    if (verb.startsWith('--') || verb === 'list') return list(verb === 'list' ? rest : args)
    if (verb === 'add') return add(rest)
    if (verb === 'revoke') return revoke(rest)
    throw usageError(`there is no 'letters ${printable(verb, 40)}'.`)
  },
}

async function list(args: string[]): Promise<number> {
  const { values } = parse(args, { ...REACH, ...JSON_FLAG })
  const { items } = await openApi(reach(values)).get<{ items: LetterAnswer[] }>('/api/v1/letters')
  if (values.json) process.stdout.write(jsonText(items))
  else if (items.length === 0) process.stdout.write('No letters. Enter one with: portwitness letters add\n')
  else {
    const stateOf = ({ revokedAt, expiresAt }: LetterAnswer) =>
      revokedAt !== null ? 'revoked' : Date.parse(expiresAt) <= Date.now() ? 'ended' : 'holds'
    const rows = items.map((it) => [
      ...[it.id, it.cidr, it.tenantId, stateOf(it), it.expiresAt.slice(0, 10)],
      printable(it.signedBy, 60),
    ])
    process.stdout.write(table(['LETTER', 'RANGE', 'TENANT', 'STATE', 'UNTIL', 'SIGNED BY'], rows))
  }
  return EXIT.clear
}

/** A day is its first moment, in UTC. */
function timeOf(text: string, name: string): string {
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw usageError(`--${name} must be a date such as 2026-11-29, not '${printable(text, 40)}'.`)
  return new Date(time).toISOString()
}

async function add(args: string[]): Promise<number> {
  const options = {
    tenant: { type: 'string' },
    range: { type: 'string' },
    'signed-by': { type: 'string' },
    'signed-at': { type: 'string' },
    'expires-at': { type: 'string' },
    note: { type: 'string' },
  } as const
  const { values, positionals } = parse(args, { ...REACH, ...JSON_FLAG, ...options }, 1)
  const [file] = positionals
  if (!file) throw usageError('which letter? portwitness letters add FILE')
  const said = {
    tenantId: needed(values.tenant, 'tenant'),
    cidr: needed(values.range, 'range'),
    signedBy: needed(values['signed-by'], 'signed-by'),
    signedAt: timeOf(needed(values['signed-at'], 'signed-at'), 'signed-at'),
    expiresAt: timeOf(needed(values['expires-at'], 'expires-at'), 'expires-at'),
    ...(values.note === undefined ? {} : { note: values.note }),
  }
  const api = openApi(reach(values))
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new CommandFailure(EXIT.failed, `${printable(file, 200)} cannot be read (${error.code}).`)
  })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const made = await api.send<LetterAnswer>('POST', '/api/v1/letters', { ...said, sha256 })
  process.stdout.write(
    values.json
      ? jsonText(made)
      : `${made.id}: ${made.tenantId} may scan ${made.cidr} until ${made.expiresAt.slice(0, 10)}. SHA-256 of the letter: ${made.sha256}\n`,
  )
  return EXIT.clear
}

async function revoke(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH }, 1)
  const [id] = positionals
  if (!id) throw usageError('which letter? portwitness letters revoke LETTER')
  await openApi(reach(values)).send('DELETE', `/api/v1/letters/${encodeURIComponent(id)}`, undefined)
  process.stdout.write(`${printable(id, 60)} is revoked, and what ran on its strength alone stops.\n`)
  return EXIT.clear
}
