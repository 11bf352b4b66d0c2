/** A D1 and an R2 that fail as they are told to, before or after what was asked has been done. */

import { type Ailment, type Ailments, D1_FAULTS } from './ailments.ts'

/** `ails` is read at each call, `hit` is told of each failure that was made. */
export function faultyD1(d1: D1Database, ails: () => Ailment | null, hit: () => void): D1Database {
  const inner = new WeakMap<object, D1PreparedStatement>()
  const through = async <T>(work: () => Promise<T>): Promise<T> => {
    const ailment = ails()
    if (!ailment || Math.random() >= ailment.share) return work()
    hit()
    if (ailment.when === 'after') await work()
    throw new Error(D1_FAULTS[ailment.says])
  }
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      run: () => through(() => statement.run()),
      all: () => through(() => statement.all()),
      raw: (options?: { columnNames: true }) => through(() => (options ? statement.raw(options) : statement.raw())),
      first: (column?: string) => through(() => (column ? statement.first(column) : statement.first())),
    } as unknown as D1PreparedStatement
    inner.set(wrapped, statement)
    return wrapped
  }
  return {
    prepare: (sql: string) => wrap(d1.prepare(sql)),
    batch: (statements: D1PreparedStatement[]) =>
      through(() => d1.batch(statements.map((one) => inner.get(one) ?? one))),
    exec: (sql: string) => through(() => d1.exec(sql)),
  } as unknown as D1Database
}

/** What R2 says of a put that it could not take (developers.cloudflare.com/r2/api/error-codes, 10001). */
const R2_FAULT = 'put: We encountered an internal error. Please try again. (10001)'

export const faultyR2 = (raw: R2Bucket, ails: () => Ailments['raw'], hit: () => void): R2Bucket =>
  ({
    get: (key: string) => raw.get(key),
    put: async (...args: Parameters<R2Bucket['put']>) => {
      const ailment = ails()
      if (!ailment || Math.random() >= ailment.share) return raw.put(...args)
      hit()
      if (ailment.when === 'after') await raw.put(...args)
      throw new Error(R2_FAULT)
    },
  }) as unknown as R2Bucket
