import { createHash } from 'node:crypto'
import { mkdir, open, readdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BackupAnswer, BackupPage, Manifest, RawPage } from '../../schema/backup.ts'
import { type Api, openApi } from './api.ts'
import { type Command, CommandFailure, EXIT } from './command.ts'
import { needed, parse, REACH, reach } from './options.ts'

const OPTIONS = {
  ...REACH,
  out: { type: 'string' },
  tenant: { type: 'string' },
  'no-raw': { type: 'boolean', default: false },
} as const

export const exportAll: Command = {
  summary: 'write a backup of the whole stack, or of one tenant, into a folder',
  usage: `portwitness export --out DIR [--tenant T] [--no-raw]

  DIR/manifest.json, DIR/tables/NAME.jsonl and DIR/raw/…: rows as they are
  stored, and raw output. Scans that run meanwhile are left out. Keys are in it
  as hashes, channels and proof secrets sealed: to put them back, the new Worker
  needs the same CHANNEL_KEY.
  --out DIR                 a new or empty folder; only its owner may read it
  --tenant T                this tenant alone (a tenant's own key has no other)
  --no-raw                  leave raw output out
  --url U, --key K          the Worker and an admin key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)
`,
  async run(args) {
    const { values } = parse(args, OPTIONS)
    const folder = needed(values.out, 'out')
    const api = openApi(reach(values))
    await emptyFolder(folder)
    const query = values.tenant === undefined ? '' : `tenant=${encodeURIComponent(values.tenant)}`
    const begun = await api.get<BackupAnswer>(`/api/v1/export?${query}`)
    const files: Manifest['files'] = {}
    await mkdir(join(folder, 'tables'), { mode: 0o700 })
    for (const table of begun.tables)
      files[table] = await writeTable(
        api,
        join(folder, 'tables', `${table}.jsonl`),
        `/api/v1/export/tables/${table}?${query}&at=${begun.at}`,
      )
    const raw = values['no-raw'] ? 0 : await writeRaw(api, join(folder, 'raw'), query)
    // Last, and at once: a folder without it is no backup.
    const manifest = join(folder, 'manifest.json')
    await writeFile(`${manifest}.new`, `${JSON.stringify({ ...begun, files, raw } satisfies Manifest, null, 2)}\n`, {
      mode: 0o600,
      flush: true,
    })
    await rename(`${manifest}.new`, manifest)
    const rows = Object.values(files).reduce((sum, file) => sum + file.rows, 0)
    process.stdout.write(
      `${rows} rows of ${begun.tables.length} tables and ${raw} raw objects are in ${folder}, as of ${begun.at}.\n`,
    )
    return EXIT.clear
  },
}

async function emptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length > 0) throw new CommandFailure(EXIT.refused, `Refused: ${folder} is not empty.`)
}

async function writeTable(api: Api, path: string, first: string): Promise<Manifest['files'][string]> {
  const digest = createHash('sha256')
  const file = await open(path, 'wx', 0o600)
  let rows = 0
  try {
    for (let next: string | null = ''; next !== null; ) {
      const page: BackupPage = await api.get<BackupPage>(
        next === '' ? first : `${first}&after=${encodeURIComponent(next)}`,
      )
      const text = page.rows.map((row) => `${JSON.stringify(row)}\n`).join('')
      digest.update(text)
      await file.writeFile(text)
      rows += page.rows.length
      next = page.next
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { rows, sha256: digest.digest('hex') }
}

async function writeRaw(api: Api, folder: string, query: string): Promise<number> {
  let count = 0
  for (let next: string | null = ''; next !== null; ) {
    const page: RawPage = await api.get<RawPage>(
      `/api/v1/export/raw?${query}${next === '' ? '' : `&after=${encodeURIComponent(next)}`}`,
    )
    for (const key of page.keys) {
      // A name that the Worker made; it becomes a path here all the same.
      if (!/^[\w-]+(\/[\w-]+)+$/.test(key))
        throw new CommandFailure(EXIT.failed, 'The Worker named an object that cannot be a file.')
      const path = join(folder, key)
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await writeFile(path, await api.bytes(`/api/v1/export/raw/object?${query}&key=${encodeURIComponent(key)}`), {
        mode: 0o600,
        flag: 'wx',
      })
      count += 1
    }
    next = page.next
  }
  return count
}
