/**
 * Makes of a few real rows many: whole targets with their scans, issues, occurrences and whatever else hangs on them are
 * copied under new ids, addresses and times, straight into the SQLite file of D1. It reads the tables as they are, so that a
 * new column or table is filled like the others.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { auditHash } from '../../../schema/audit.ts'
import type { Original } from './real.ts'

export interface Wanted {
  targets: number
  scansPerTarget: number
  issues: number
  probes: number
  auditLines: number
  /** scans that keep their facts and runs, the newest: the others are past retention */
  withFacts: number
}

type Row = Record<string, SQLInputValue>
const DAY = 86_400_000
/** what is a time: no other integer of ours is so great */
const ANY_TIME = 1_500_000_000_000
const FACTS = ['runs', 'facts']

export async function fill(
  data: string,
  originals: readonly Original[],
  wanted: Wanted,
): Promise<Record<string, number>> {
  const folder = join(data, 'd1/miniflare-D1DatabaseObject')
  const file = readdirSync(folder).find((name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite')
  const db = new DatabaseSync(join(folder, file ?? ''))
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000')
  const tables = (db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[])
    .map(({ name }) => name)
    .filter((name) => !/^(_cf|sqlite|d1_)/.test(name))
  const originalOf = (t: number): Original => {
    const of = (verdict: string) => originals.find((one) => one.verdict === verdict) as Original
    return t >= wanted.issues ? of('clear') : t % 3 === 2 ? of('incomplete') : of('interference')
  }
  db.exec('BEGIN')
  const insert = inserter(db)
  const rowsOf = reader(db, tables)
  for (let t = 0; t < wanted.targets; t++) {
    const main = originalOf(t)
    const clear = originalOf(wanted.targets)
    for (let s = 0; s < wanted.scansPerTarget; s++) {
      // The last two of a target with an issue saw it; those before were clear.
      const of = s >= wanted.scansPerTarget - 2 ? main : clear
      const age = (wanted.scansPerTarget - 1 - s) * DAY + (t % 1440) * 60_000
      const n = t * wanted.scansPerTarget + s
      const isLast = s === wanted.scansPerTarget - 1
      const hasFacts = isLast && t < wanted.withFacts
      const swap = swapper(of, { t, n, address: addressOf(t) }, rowsOf(of).ids)
      for (const { table, kind, row } of rowsOf(of).rows) {
        if (kind !== 'scan' && !isLast) continue
        if (FACTS.includes(table) && !hasFacts) continue
        insert(table, { ...swap(row, age), ...own(table, row, t, wanted) })
      }
    }
  }
  multiplyProbes(db, wanted.probes, insert)
  await writeAudit(db, wanted.auditLines)
  db.exec('COMMIT')
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  const counts = tables.map((name) => {
    const { n } = db.prepare(`SELECT count(*) AS n FROM "${name}"`).get() as { n: number }
    return [name, n] as const
  })
  db.close()
  return Object.fromEntries(counts.filter(([, n]) => n > 0))
}

/** What differs from target to target besides ids: names, and two issues of three are closed. */
function own(table: string, row: Row, t: number, wanted: Wanted): Row {
  if (table === 'targets') return { name: `shop-${t}.example`, next_due_at: null }
  if (table === 'issues' && t % 3 !== 0 && t < wanted.issues)
    return { state: 'closed', closed_at: row.restated_at ?? null, closed_by: row.last_scan_id ?? null }
  return {}
}

const addressOf = (t: number) => `10.${t >> 16}.${(t >> 8) & 255}.${t & 255}`
const digits = (n: number) => n.toString(36).padStart(16, '0')
const randomPart = (id: string) => id.slice(4)

interface Held {
  rows: { table: string; kind: 'scan' | 'issue' | 'target'; row: Row }[]
  /** ids of rows of their own, such as occurrences */
  ids: string[]
}

/** All rows that hang on one original: on its scan, its issue, its target. */
function reader(db: DatabaseSync, tables: readonly string[]): (of: Original) => Held {
  const columns = new Map(
    tables.map((table) => [
      table,
      (db.prepare(`PRAGMA table_info("${table}")`).all() as { name: string }[]).map(({ name }) => name),
    ]),
  )
  const read = (of: Original): Held => {
    const held: Held = { rows: [], ids: [] }
    const take = (table: string, kind: 'scan' | 'issue' | 'target', column: string, id: string | null) => {
      if (id === null) return
      for (const row of db.prepare(`SELECT * FROM "${table}" WHERE "${column}" = ?`).all(id) as Row[]) {
        held.rows.push({ table, kind, row })
        if (typeof row.id === 'string' && /^[a-z]{3}_/.test(row.id)) held.ids.push(row.id)
      }
    }
    for (const [table, names] of columns) {
      if (table === 'scans') take(table, 'scan', 'id', of.scanId)
      else if (table === 'issues') take(table, 'issue', 'id', of.issueId)
      else if (table === 'targets') take(table, 'target', 'id', of.targetId)
      else if (names.includes('scan_id')) take(table, 'scan', 'scan_id', of.scanId)
      else if (names.includes('issue_id')) take(table, 'issue', 'issue_id', of.issueId)
      else if (names.includes('target_id')) take(table, 'target', 'target_id', of.targetId)
    }
    return held
  }
  const kept = new Map<string, Held>()
  return (of) => {
    const known = kept.get(of.scanId) ?? read(of)
    kept.set(of.scanId, known)
    return known
  }
}

/** Gives each row of an original other ids, another address and another time. */
function swapper(of: Original, as: { t: number; n: number; address: string }, ids: readonly string[]) {
  const target = randomPart(of.targetId)
  const scan = randomPart(of.scanId)
  const issue = of.issueId && randomPart(of.issueId)
  const others = ids
    .map(randomPart)
    .filter((id) => id !== target && id !== scan && id !== issue && !id.startsWith(scan))
  const by = new Map<string, string>([
    [target, `targ${digits(as.t)}`],
    [scan, `scan${digits(as.n)}`],
    ...(issue ? [[issue, `issu${digits(as.t)}`] as const] : []),
    ...others.map((id, i) => [id, `${i.toString(36).padStart(4, '0')}${digits(as.n)}`] as const),
    [of.address, as.address],
  ])
  const any = new RegExp([...by.keys()].map((text) => text.replaceAll('.', '\\.')).join('|'), 'g')
  return (row: Row, age: number): Row =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        if (typeof value === 'string') return [name, value.replace(any, (text) => by.get(text) ?? text)]
        return [name, typeof value === 'number' && value > ANY_TIME ? value - age : value]
      }),
    )
}

function inserter(db: DatabaseSync): (table: string, row: Row) => void {
  const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  return (table, row) => {
    const names = Object.keys(row)
    const statement =
      statements.get(table) ??
      db.prepare(
        `INSERT INTO "${table}" (${names.map((name) => `"${name}"`).join()}) VALUES (${names.map(() => '?').join()})`,
      )
    statements.set(table, statement)
    statement.run(...names.map((name) => row[name] ?? null))
  }
}

function multiplyProbes(db: DatabaseSync, wanted: number, insert: (table: string, row: Row) => void): void {
  const probes = db.prepare('SELECT * FROM probes').all() as Row[]
  // Seen when the pages will be: an hour from now is still "online" to no one, so the clock of the bench is the real one.
  db.prepare('UPDATE probes SET seen_at = ?').run(Date.now())
  for (let i = probes.length; i < wanted; i++) {
    const row = probes[i % probes.length] as Row
    const site = `${row.site}`.replace(/\d$/, `${2 + Math.floor(i / probes.length)}`)
    insert('probes', {
      ...row,
      ...{ id: `prb_${digits(i)}0000`, source_address: `127.0.9.${i}`, site, seen_at: Date.now() },
    })
  }
}

async function writeAudit(db: DatabaseSync, wanted: number): Promise<void> {
  const line = db.prepare('SELECT * FROM audit ORDER BY seq DESC LIMIT 1').get() as Row | undefined
  if (!line) return
  const names = Object.keys(line)
  const insert = db.prepare(`INSERT INTO audit (${names.join()}) VALUES (${names.map(() => '?').join()})`)
  let { seq, hash } = line as { seq: number; hash: string }
  const tenantId = `${line.tenant_id}`
  for (let i = 0; i < wanted; i++) {
    const next = {
      ...{ tenantId, seq: seq + 1, at: new Date(Number(line.at)).toISOString(), actor: `${line.actor}` },
      ...{ deed: 'POST /api/v1/scans', subject: null, before: null, asked: `${line.asked}`, prev: hash },
    }
    hash = await auditHash(next)
    seq = next.seq
    const row: Row = { ...line, seq, deed: next.deed, subject: null, before: null, prev: next.prev, hash }
    insert.run(...names.map((name) => row[name] ?? null))
  }
}
