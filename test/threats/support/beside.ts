/** What others do at the very moment: after all that a request has read, before the batch in which it writes. */

/** A database before each batch of which, with a statement like this, `act` is done. */
export function beside(d1: D1Database, statement: RegExp, act: () => Promise<unknown>): D1Database {
  const texts = new WeakMap<object, string>()
  const known = (sql: string, prepared: D1PreparedStatement): D1PreparedStatement => {
    const bind = prepared.bind.bind(prepared)
    prepared.bind = (...values: unknown[]) => known(sql, bind(...values))
    texts.set(prepared, sql)
    return prepared
  }
  return {
    prepare: (sql: string) => known(sql, d1.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) => {
      if (statements.some((one) => statement.test(texts.get(one) ?? ''))) await act()
      return d1.batch(statements)
    },
  } as unknown as D1Database
}
