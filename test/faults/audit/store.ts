/** What is in the database and in the bucket, read from their files: the product's own code has no part in it. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface Kept {
  facts: { run: string; epoch: number; seq: number; body: string }[]
  runs: {
    id: string
    scan: string
    epoch: number
    state: string
    digest: string | null
    closing: string | null
    ended: number | null
  }[]
  scans: {
    id: string
    target: string
    state: string
    verdict: string | null
    alarms: number
    output: string | null
    ports: number
    due: string
    site: string
  }[]
  issues: { id: string; target: string; finding: string; closed: number | null }[]
  occurrences: { scan: string; address: string; port: number }[]
  outbox: { id: string; body: string; spread: number | null }[]
  /** keys of the objects in the bucket */
  objects: string[]
}

/** `data` is the folder of an embedded Worker. Nobody need have it closed: it is read as of one moment. */
export function readKept(data: string): Kept {
  const db = new DatabaseSync(fileIn(join(data, 'd1')), { readOnly: true })
  const rows = <T>(sql: string): T[] => db.prepare(sql).all() as T[]
  try {
    db.exec('BEGIN')
    return {
      facts: joined(rows('SELECT run_id AS run, epoch, seq, part, body FROM facts ORDER BY run_id, epoch, seq, part')),
      runs: rows(
        'SELECT id, scan_id AS scan, epoch, state, result_digest AS digest, closing, ended_at AS ended FROM runs',
      ),
      scans:
        rows(`SELECT id, target_id AS target, state, judgement ->> '$.verdict' AS verdict, json_array_length(alarms) AS alarms,
        output_key AS output, coalesce(json_array_length(judgement, '$.ports'), 0) AS ports, due_key AS due, site FROM scans`),
      issues: rows('SELECT id, target_id AS target, finding, closed_at AS closed FROM issues'),
      occurrences: rows('SELECT scan_id AS scan, address, port FROM occurrences'),
      outbox: rows('SELECT id, body, spread_at AS spread FROM outbox'),
      objects: keysIn(join(data, 'r2')),
    }
  } finally {
    db.close()
  }
}

interface Part {
  run: string
  epoch: number
  seq: number
  part: number
  body: string
}

/** A long report lies in parts; here it is one again. */
function joined(parts: readonly Part[]): Kept['facts'] {
  const whole = new Map<string, Part & { lists: Record<string, unknown[]> }>()
  for (const part of parts) {
    const name = `${part.run} ${part.epoch} ${part.seq}`
    const one = whole.get(name) ?? { ...part, lists: {} }
    for (const [list, items] of Object.entries(JSON.parse(part.body) as Record<string, unknown[]>))
      one.lists[list] = [...(one.lists[list] ?? []), ...items]
    whole.set(name, one)
  }
  return [...whole.values()].map(({ run, epoch, seq, lists }) => ({ run, epoch, seq, body: JSON.stringify(lists) }))
}

function fileIn(folder: string): string {
  const path = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(
    (name) => name.endsWith('.sqlite') && !name.includes('metadata'),
  )
  if (!path) throw new Error(`there is no database in ${folder}`)
  return join(folder, path)
}

function keysIn(folder: string): string[] {
  let file: string
  try {
    file = fileIn(folder)
  } catch {
    return [] // nothing was ever put
  }
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return (db.prepare('SELECT key FROM _mf_objects').all() as { key: string }[]).map(({ key }) => key)
  } finally {
    db.close()
  }
}
