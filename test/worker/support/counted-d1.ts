/** A D1 that counts the rows which D1 itself says it read and wrote: what is billed (platform.md 1.2). */
export interface RowCount {
  read: number
  written: number
}

export function countedD1(d1: D1Database): { d1: D1Database; take(): RowCount } {
  let count: RowCount = { read: 0, written: 0 }
  const add = <T>(result: T): T => {
    const meta = (result as { meta?: { rows_read?: number; rows_written?: number } } | null)?.meta
    count.read += meta?.rows_read ?? 0
    count.written += meta?.rows_written ?? 0
    return result
  }
  const inner = new WeakMap<object, D1PreparedStatement>()
  const wrap = (sql: string, statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(sql, statement.bind(...values)),
      run: async () => add(await statement.run()),
      all: async () => add(await statement.all()),
      // `raw` and `first` carry no meta. A read is asked a second time for it; a write that returns rows only once.
      raw: async (options?: { columnNames: true }) => {
        const { results, meta } = await statement.all<Record<string, unknown>>()
        add({ meta })
        if (/^\s*select/i.test(sql)) return options ? statement.raw(options) : statement.raw()
        const values = results.map((row) => Object.values(row))
        return options?.columnNames ? [Object.keys(results[0] ?? {}), ...values] : values
      },
      first: async (column?: string) => {
        const { results, meta } = await statement.all<Record<string, unknown>>()
        add({ meta })
        const [row] = results
        return row === undefined ? null : column === undefined ? row : row[column]
      },
    } as unknown as D1PreparedStatement
    inner.set(wrapped, statement)
    return wrapped
  }
  const counted = {
    prepare: (sql: string) => wrap(sql, d1.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) =>
      (await d1.batch(statements.map((statement) => inner.get(statement) ?? statement))).map(add),
    exec: (sql: string) => d1.exec(sql),
  } as unknown as D1Database
  return {
    d1: counted,
    take: () => {
      const taken = count
      count = { read: 0, written: 0 }
      return taken
    },
  }
}
