/** What must not be in an answer, whatever was asked. */
import type { Case } from './cases.ts'
import type { Realm } from './realm.ts'

export interface Answered {
  status: number
  text: string
  ms: number
  /** what was thrown at us instead of an answer, or never came */
  thrown: string | null
}

/** Ours are milliseconds; a machine that is busy takes its time. */
export const TIME_BOX_MS = 20_000
const MOST_BYTES = 8 * 1024 * 1024
const SQL = /\btenant_id\b|\bsqlite_|SQLITE_|D1_ERROR|Failed query|\bSELECT [\w".*]+.* FROM |INSERT (OR IGNORE )?INTO /
const STACK = /\n\s+at [^\n]*[:(]\w+[^\n]*:\d+:\d+\)?/

/** Null when all is well. */
export function objection({ tenant }: Case, { status, text, ms, thrown }: Answered, realm: Realm): string | null {
  if (thrown !== null) return thrown
  if (status >= 500) return `answered ${status}: ${text.slice(0, 200)}`
  if (ms > TIME_BOX_MS) return `took ${Math.round(ms)} ms`
  if (text.length > MOST_BYTES) return `answered ${text.length} characters`
  if (SQL.test(text)) return `an answer holds SQL: ${SQL.exec(text)?.[0]}`
  if (STACK.test(text)) return `an answer holds a stack: ${STACK.exec(text)?.[0].trim()}`
  const foreign = realm.tenants.find((one) => one !== tenant && text.includes(one.secret))
  return foreign ? `what ${foreign.name} alone may read was told to ${tenant?.name ?? 'the public'}` : null
}
