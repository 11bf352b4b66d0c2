import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { BACKUP_FORMAT, BACKUP_TABLES, Manifest, type WrittenAnswer } from '../../schema/backup.ts'
import { read } from '../../schema/read.ts'
import { type Api, openApi } from './api.ts'
import { type Command, CommandFailure, EXIT } from './command.ts'
import { parse, REACH, reach } from './options.ts'

/** Characters of rows in one request. The Worker takes 8 MB; one row has 2 MB at most. */
const REQUEST_CHARS = 1_000_000
const REQUEST_ROWS = 200

export const restore: Command = {
  summary: 'put a backup into an empty stack',
  usage: `portwitness restore DIR

  Puts back what 'portwitness export' wrote, into a stack (or, of one tenant, a
  tenant) in which nothing was scanned yet. Every file is held against its digest
  first. All scanning is stopped then; when all is well: portwitness stop-all
  --resume. What was cut off may be run again.
  --url U, --key K          the Worker and an admin key of its operator
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)
`,
  async run(args) {
    const { values, positionals } = parse(args, REACH, 1)
    const [folder] = positionals
    if (!folder) throw new CommandFailure(EXIT.usage, 'the folder of the backup is missing.')
    const manifest = await readManifest(folder)
    await checkFiles(folder, manifest)
    const api = openApi(reach(values))
    const { format, migration, tenant } = manifest
    await api.send('POST', '/api/v1/restore', { format, migration, tenant })
    // Objects first: no row may point to nothing. Then the tables in their order, whatever that of the folder is.
    const raw = await putRaw(api, join(folder, 'raw'))
    let [rows, ended] = [0, 0]
    for (const { name } of BACKUP_TABLES) {
      if (!manifest.files[name]) continue
      const put = await putTable(api, join(folder, 'tables', `${name}.jsonl`), name)
      rows += put.rows
      ended += put.ended
    }
    await api.send('DELETE', '/api/v1/restore', undefined)
    const over = ended > 0 ? `${ended} runs that had not ended are over. ` : ''
    process.stdout.write(
      `${rows} rows and ${raw} raw objects are back. ${over}All scanning is stopped; when all is well: portwitness stop-all --resume\n`,
    )
    return EXIT.clear
  },
}

async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => null)
  if (text === null)
    throw new CommandFailure(EXIT.usage, `${folder} holds no whole backup: its manifest.json is missing.`)
  const told = read(Manifest, parsed(text))
  if (!('value' in told) || told.value.format !== BACKUP_FORMAT)
    throw new CommandFailure(EXIT.usage, `${folder} was written by another version of portwitness.`)
  return told.value
}

async function checkFiles(folder: string, { files }: Manifest): Promise<void> {
  for (const [name, { sha256 }] of Object.entries(files)) {
    if (!BACKUP_TABLES.some((table) => table.name === name))
      throw new CommandFailure(EXIT.refused, `Refused: this version knows no table ${name}.`)
    const digest = createHash('sha256')
    try {
      for await (const chunk of createReadStream(join(folder, 'tables', `${name}.jsonl`)))
        digest.update(chunk as Buffer)
    } catch (error) {
      throw new CommandFailure(
        EXIT.refused,
        `Refused: tables/${name}.jsonl cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      )
    }
    if (digest.digest('hex') !== sha256)
      throw new CommandFailure(EXIT.refused, `Refused: tables/${name}.jsonl is not what was exported.`)
  }
}

async function putTable(api: Api, path: string, table: string): Promise<WrittenAnswer> {
  const put = { rows: 0, ended: 0 }
  let rows: unknown[] = []
  let size = 0
  const send = async () => {
    if (rows.length > 0) {
      const written = await api.send<WrittenAnswer>('POST', '/api/v1/restore/rows', { table, rows })
      put.rows += written.rows
      put.ended += written.ended
    }
    rows = []
    size = 0
  }
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) {
    if (rows.length > 0 && (size + line.length > REQUEST_CHARS || rows.length >= REQUEST_ROWS)) await send()
    rows.push(parsed(line))
    size += line.length
  }
  await send()
  return put
}

async function putRaw(api: Api, folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const keys = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  for (const key of keys)
    await api.put(`/api/v1/restore/raw?key=${encodeURIComponent(key)}`, await readFile(join(folder, key)))
  return keys.length
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
