/** A D1 that counts the rows which D1 itself says it read and wrote: what is billed (platform.md 1.2). */
import type { Asked, RowCount } from './row-count.ts'

export interface CountedD1 {
  d1: D1Database
  take(): RowCount
  /** what was asked since the last call, a batch being one query */
  queries(): Asked[][]
}

export function countedD1(d1: D1Database): CountedD1 {
  let count: RowCount = { read: 0, written: 0, by: {} }
  let queries: Asked[][] = []
  const add = <T>(sql: string, result: T): T => {
    const meta = (result as { meta?: { rows_read?: number; rows_written?: number } } | null)?.meta
    const written = meta?.rows_written ?? 0
    count.read += meta?.rows_read ?? 0
    count.written += written
    if (written > 0) count.by[kindOf(sql)] = (count.by[kindOf(sql)] ?? 0) + written
    return result
  }
  const inner = new WeakMap<object, Asked & { statement: D1PreparedStatement }>()
  const wrap = (sql: string, statement: D1PreparedStatement, values: unknown[] = []): D1PreparedStatement => {
    const asked = <T>(answer: T): T => {
      queries.push([{ sql, values }])
      return answer
    }
    const wrapped = {
      bind: (...bound: unknown[]) => wrap(sql, statement.bind(...bound), bound),
      run: async () => add(sql, await asked(statement.run())),
      all: async () => add(sql, await asked(statement.all())),
      // `raw` and `first` carry no meta. A read is asked a second time for it; a write that returns rows only once.
      raw: async (options?: { columnNames: true }) => {
        const { results, meta } = await asked(statement.all<Record<string, unknown>>())
        add(sql, { meta })
        if (/^\s*select/i.test(sql)) return options ? statement.raw(options) : statement.raw()
        const values = results.map((row) => Object.values(row))
        return options?.columnNames ? [Object.keys(results[0] ?? {}), ...values] : values
      },
      first: async (column?: string) => {
        const { results, meta } = await asked(statement.all<Record<string, unknown>>())
        add(sql, { meta })
        const [row] = results
        return row === undefined ? null : column === undefined ? row : row[column]
      },
    } as unknown as D1PreparedStatement
    inner.set(wrapped, { sql, values, statement })
    return wrapped
  }
  const counted = {
    prepare: (sql: string) => wrap(sql, d1.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) => {
      const known = statements.flatMap((each) => inner.get(each) ?? [])
      queries.push(known.map(({ sql, values }) => ({ sql, values })))
      const results = await d1.batch(known.map(({ statement }) => statement))
      return results.map((result, i) => add(known[i]?.sql ?? '', result))
    },
    exec: (sql: string) => d1.exec(sql),
  } as unknown as D1Database
  return {
    d1: counted,
    queries: () => {
      const made = queries
      queries = []
      return made
    },
    take: () => {
      const taken = count
      count = { read: 0, written: 0, by: {} }
      return taken
    },
  }
}

/** The verb and the table of a statement, and what an update sets first. */
function kindOf(sql: string): string {
  const [, verb = '', table = '', column = ''] =
    /(insert|update|delete)(?: or ignore)?(?: into| from)? "?(\w+)"?(?:\s+set "?(\w+)"?)?/i.exec(sql) ?? []
  return [verb.toUpperCase(), table, column].filter(Boolean).join(' ')
}
