/** A D1 that counts the rows which D1 itself says it read and wrote: what is billed (platform.md 1.2). */
import type { RowCount } from './row-count.ts'

export function countedD1(d1: D1Database): { d1: D1Database; take(): RowCount; queries(): number } {
  let count: RowCount = { read: 0, written: 0, by: {} }
  let queries = 0
  const asked = <T>(answer: T): T => {
    queries++
    return answer
  }
  const add = <T>(sql: string, result: T): T => {
    const meta = (result as { meta?: { rows_read?: number; rows_written?: number } } | null)?.meta
    const written = meta?.rows_written ?? 0
    count.read += meta?.rows_read ?? 0
    count.written += written
    if (written > 0) count.by[kindOf(sql)] = (count.by[kindOf(sql)] ?? 0) + written
    return result
  }
  const inner = new WeakMap<object, { sql: string; statement: D1PreparedStatement }>()
  const wrap = (sql: string, statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(sql, statement.bind(...values)),
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
    inner.set(wrapped, { sql, statement })
    return wrapped
  }
  const counted = {
    prepare: (sql: string) => wrap(sql, d1.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) =>
      (await asked(d1.batch(statements.map((each) => inner.get(each)?.statement ?? each)))).map((result, i) =>
        add(inner.get(statements[i] as D1PreparedStatement)?.sql ?? '', result),
      ),
    exec: (sql: string) => d1.exec(sql),
  } as unknown as D1Database
  return {
    d1: counted,
    queries: () => {
      const made = queries
      queries = 0
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
