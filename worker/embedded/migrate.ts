import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The little of D1 that applying migrations needs. */
export interface Database {
  prepare(sql: string): Statement
  batch(statements: Statement[]): Promise<unknown>
}
interface Statement {
  bind(...values: unknown[]): Statement
  run(): Promise<unknown>
  all<T>(): Promise<{ results: T[] }>
}

/**
 * Applies the `*.sql` files of `directory` that are not applied yet, in order of their names, each in one batch with its
 * entry. The table has wrangler's name and columns, so `wrangler d1 migrations apply` and this host may take turns.
 * @returns names of the files applied now
 */
export async function migrate(db: Database, directory: string): Promise<string[]> {
  await db
    .prepare(
      'CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
    )
    .run()
  const { results } = await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
  const applied = new Set(results.map((row) => row.name))
  const files = (await readdir(directory)).filter((name) => name.endsWith('.sql') && !applied.has(name)).sort()
  for (const name of files) {
    const statements = statementsOf(await readFile(join(directory, name), 'utf8'))
    await db.batch([
      ...statements.map((sql) => db.prepare(sql)),
      db.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ])
  }
  return files
}

/** drizzle-kit puts a marker between statements; a file of one statement has none. Comments alone are not a statement. */
const statementsOf = (sql: string): string[] =>
  sql
    .split('--> statement-breakpoint')
    .map((part) => part.trim())
    .filter((part) => part.replace(/^\s*--.*$/gm, '').trim() !== '')
