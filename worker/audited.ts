/** A database whose first write carries its line of the audit log: both are done, or neither. */
import { type Deed, type Line, lineFor, numberWaiting, waitingFor } from './auditLine.ts'
import { Failure } from './failure.ts'
import { isBehind, madeBy } from './store/audit.ts'
import { causeOf, changed, type Db, openDb } from './store/db.ts'

export type { Deed } from './auditLine.ts'

export interface Audited {
  db: Db
  /** Writes the line by itself, where nothing was written that could carry it, once at most; numbers the line of an urgent deed. */
  settle(): Promise<void>
}

/** The database under each of these. */
const BENEATH = new WeakMap<D1Database, D1Database>()

/** So often a line is made anew because others of the tenant came first. */
const TRIES = 100
/** So often the line of an urgent deed is tried to be numbered before the caller is answered; cron does the rest. */
const URGENT_TRIES = 3
/**
 * Changes of one tenant under way in one isolate. Each that comes too late is made again, so that what the database does grows
 * with their square: beyond this they are refused, and whoever stops something is not held up.
 */
export const MOST_CHANGES = 64
const changing = new Map<string, number>()
/** In a batch of more writes the line stands whatever they change: each would need a look of its own, and a request has a limit. */
const MOST_WATCHED = 8

/** What a handler hands to the database. */
interface Handed {
  statement: D1PreparedStatement
  writes: boolean
}

/**
 * `db` is for one request. What only reads passes; the first statement or batch that changes something goes in one batch with the
 * line, and what finds nothing to change leaves none.
 * Of two who write at once one finds its number taken: its whole batch was undone, and is sent again with the next number.
 */
export function audited(plain: Db, deed: Deed): Audited {
  const given = (plain as unknown as { $client: D1Database }).$client
  // Two lines in one batch would both be the next: a deed within a deed has a batch of its own.
  const d1 = BENEATH.get(given) ?? given
  const reader = d1 === given ? plain : openDb(d1)
  let isDone = false
  let turn: Promise<unknown> = Promise.resolve()

  /** Runs them with the line behind each write, or once at the end; answers for them alone. */
  async function carrying(handed: readonly Handed[], line: Line): Promise<D1Result[]> {
    const writes = handed.filter((one) => one.writes).length
    const isWatched = writes > 0 && writes <= MOST_WATCHED
    const list = handed.flatMap(({ statement, writes }) => [
      { statement, isLine: false },
      ...(isWatched && writes ? [{ statement: line.ifChanged, isLine: true }] : []),
    ])
    if (!isWatched) list.push({ statement: line.always, isLine: true })
    const results = await d1.batch(list.map(({ statement }) => statement))
    // A line with a condition is asked for once.
    isDone = deed.onlyIf !== undefined || results.some((result, i) => list[i]?.isLine && changed(result) > 0)
    return results.filter((_, i) => !list[i]?.isLine)
  }
  async function withLine(handed: readonly Handed[], made: string | null): Promise<D1Result[]> {
    if (isDone) return d1.batch(handed.map(({ statement }) => statement))
    if (deed.urgent) return carrying(handed, await waitingFor(reader, d1, deed, made))
    return inItsTurn(deed.tenantId, () => placedLast(handed, made))
  }
  async function placedLast(handed: readonly Handed[], made: string | null): Promise<D1Result[]> {
    for (let tries = 1; ; tries++) {
      const line = await lineFor(reader, d1, deed, made)
      try {
        return await carrying(handed, line)
      } catch (error) {
        if (!isBehind(error)) throw error
        if (tries === TRIES) throw new Failure('busy', 'Too many changes at once. Try again.')
        const others = changing.get(deed.tenantId) ?? 1
        await new Promise((resolve) =>
          setTimeout(resolve, Math.max(Math.min(100, 2 * tries), 4 * others) * Math.random()),
        )
      }
    }
  }
  /** One after the other until the line stands: of what a handler writes side by side, one carries it. */
  function write(handed: readonly Handed[], made: string | null = null): Promise<D1Result[]> {
    if (isDone) return d1.batch(handed.map(({ statement }) => statement))
    const mine = turn.then(() => withLine(handed, made))
    turn = mine.catch(() => undefined)
    return mine
  }

  const inner = new WeakMap<object, Handed & { made: string | null }>()
  function wrap(sql: string, statement: D1PreparedStatement, made: string | null = null): D1PreparedStatement {
    const writes = !/^\s*(select|pragma|explain)\b/i.test(sql)
    const one = async (): Promise<D1Result> => (await write([{ statement, writes }], made))[0] as D1Result
    const bind = (...values: unknown[]) => wrap(sql, statement.bind(...values), writes ? madeBy(sql, values) : null)
    const wrapped = writes ? { bind, run: one, all: one, ...listsOf(one) } : through(statement, bind)
    inner.set(wrapped, { statement, writes, made })
    return wrapped as unknown as D1PreparedStatement
  }
  const wrapped = {
    prepare: (sql: string) => wrap(sql, d1.prepare(sql)),
    async batch(list: D1PreparedStatement[]) {
      const known = list.map((each) => inner.get(each) ?? { statement: each, writes: true, made: null })
      const made = known.find((one) => one.made !== null)?.made ?? null
      return known.some(({ writes }) => writes) ? write(known, made) : d1.batch(known.map(({ statement }) => statement))
    },
    exec: () => Promise.reject(new Error('exec carries no line of the audit log')),
  } as unknown as D1Database

  BENEATH.set(wrapped, d1)
  return {
    db: openDb(wrapped),
    settle: async () => {
      if (!isDone) await write([])
      if (deed.urgent) await numbered(reader, d1, deed.tenantId)
    },
  }
}

/** What was done stands, and so does its line: that it has no number yet is nothing to fail for. */
const numbered = (db: Db, d1: D1Database, tenantId: string): Promise<unknown> =>
  numberWaiting(db, d1, tenantId, URGENT_TRIES).catch((error: unknown) =>
    console.error(JSON.stringify({ event: 'audit.waits', error: causeOf(error) })),
  )

async function inItsTurn<T>(tenantId: string, work: () => Promise<T>): Promise<T> {
  const others = changing.get(tenantId) ?? 0
  if (others >= MOST_CHANGES) throw new Failure('busy', 'Too many changes at once. Try again.')
  changing.set(tenantId, others + 1)
  try {
    return await work()
  } finally {
    const left = (changing.get(tenantId) ?? 1) - 1
    if (left > 0) changing.set(tenantId, left)
    else changing.delete(tenantId)
  }
}

const through = (statement: D1PreparedStatement, bind: unknown) => ({
  bind,
  run: () => statement.run(),
  all: () => statement.all(),
  raw: (options?: { columnNames: true }) => (options ? statement.raw(options) : statement.raw()),
  first: (column?: string) => (column === undefined ? statement.first() : statement.first(column)),
})

/** What returns rows without their names; a batch knows them only with. */
const listsOf = (one: () => Promise<D1Result>) => ({
  async raw(options?: { columnNames: true }) {
    const { results } = (await one()) as D1Result<Record<string, unknown>>
    const values = results.map((row) => Object.values(row))
    return options?.columnNames ? [Object.keys(results[0] ?? {}), ...values] : values
  },
  async first(column?: string) {
    const [row] = ((await one()) as D1Result<Record<string, unknown>>).results
    return row === undefined ? null : column === undefined ? row : row[column]
  },
})
