import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { type AuditHead, type AuditLine, checkAudit } from '../../schema/audit.ts'
import { printable } from '../../schema/terminal.ts'
import { timeFor } from './ago.ts'
import { openApi } from './api.ts'
import { type Command, CommandFailure, EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach, wholeNumber } from './options.ts'
import { table } from './table.ts'

const OPTIONS = {
  ...REACH,
  json: { type: 'boolean', default: false },
  export: { type: 'boolean', default: false },
  verify: { type: 'boolean', default: false },
  head: { type: 'string' },
  limit: { type: 'string' },
} as const

export const audit: Command = {
  summary: 'show, export and check the log of who changed what',
  usage: `portwitness audit [--limit N] [--json]    the latest lines
portwitness audit --export                all lines as JSON Lines
portwitness audit --verify [FILE]         check an export, or the log as it is
                                          now: each line carries the hash of
                                          the one before it

  FILE                      what --export wrote; - for standard input
  --head SEQ:HASH           the end of the log as it was noted earlier: also
                            finds a log that was cut short or written anew
  --limit N                 1 to 200 (50)
  --json                    the answer as JSON
  --url U, --key K          the Worker and an admin key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY);
                            not needed to check a FILE

  Exit code 0 when the log is whole, 1 when it is not.
`,
  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, 1)
    const [file] = positionals
    if (file !== undefined && !values.verify) throw usageError('a FILE is only read with --verify.')
    if (values.verify && values.export) throw usageError('--verify or --export, not both.')
    const known = headFrom(values.head)
    if (values.verify && file !== undefined) return told(await verified(linesOf(file), known, null))
    const api = openApi(reach(values))
    if (values.verify) {
      // The end is read first: what is added meanwhile only makes the export longer.
      const head = await api.get<AuditHead>('/api/v1/audit/head')
      const lines = (await api.text('/api/v1/audit/export')).split('\n')
      return told(await verified(lines, known, head))
    }
    if (values.export) {
      process.stdout.write(await api.text('/api/v1/audit/export'))
      return EXIT.clear
    }
    const limit = wholeNumber(values.limit, 'limit', 1, 200) ?? 50
    const { items } = await api.get<{ items: AuditLine[] }>(`/api/v1/audit?limit=${limit}`)
    if (values.json) process.stdout.write(jsonText(items))
    else if (items.length === 0) process.stdout.write('Nothing was changed yet.\n')
    else {
      const time = timeFor(process.stdout, Date.now())
      const rows = items.map((it) => [it.seq, time(it.at), it.actor, it.deed, it.subject])
      process.stdout.write(table(['SEQ', 'AT', 'WHO', 'WHAT', 'ON'], rows))
    }
    return EXIT.clear
  },
}

function headFrom(text: string | undefined): AuditHead | null {
  if (text === undefined) return null
  const [, seq, hash] = /^(\d{1,12}):([0-9a-f]{64})$/.exec(text) ?? []
  if (!seq || !hash) throw usageError('--head must be a number and a hash, such as 41:9f2c….')
  return { seq: Number(seq), hash }
}

const linesOf = (file: string): AsyncIterable<string> =>
  createInterface({ input: file === '-' ? process.stdin : createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })

interface Verified {
  count: number
  first: number | null
  last: AuditHead | null
}

/** Throws the CommandFailure that says which line does not fit. */
async function verified(
  lines: AsyncIterable<string> | Iterable<string>,
  known: AuditHead | null,
  head: AuditHead | null,
): Promise<Verified> {
  const check = checkAudit()
  let noted: string | null = known === null || known.seq === 0 ? '' : null
  try {
    for await (const line of lines) {
      if (line.trim() === '') continue
      const fault = await check.take(line)
      if (fault) throw new CommandFailure(EXIT.failed, `the log is not whole: ${printable(fault, 300)}`)
      if (known && check.last?.seq === known.seq) noted = check.last.hash
    }
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    throw new CommandFailure(
      EXIT.failed,
      `the file cannot be read: ${printable(String((error as Error).message), 200)}.`,
    )
  }
  const cut = check.end(head) ?? check.end(known && (check.last?.seq ?? 0) < known.seq ? known : null)
  if (cut) throw new CommandFailure(EXIT.failed, `the log is not whole: ${cut}`)
  if (known && noted !== null && noted !== '' && noted !== known.hash)
    throw new CommandFailure(EXIT.failed, `the log is not whole: seq ${known.seq} is not the line that was noted.`)
  return { count: check.count, first: check.first, last: check.last }
}

function told({ count, first, last }: Verified): number {
  if (last === null) process.stdout.write('The log is empty.\n')
  else {
    const older = first !== null && first > 1 ? ` It begins at seq ${first}: retention gave up what was older.` : ''
    process.stdout.write(`${count} ${count === 1 ? 'line' : 'lines'}, whole.${older}\n`)
    process.stdout.write(`Note its end elsewhere: --head ${last.seq}:${last.hash}\n`)
  }
  return EXIT.clear
}
