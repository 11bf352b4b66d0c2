/** Notices to send. They are written in the batch of what they tell of, and wait here for whoever is to be told. */
import { and, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { AnyEvent } from '../../schema/events.ts'
import { outbox } from '../../schema/tables.ts'
import { type Db, rows, type Statement } from './db.ts'

/** An event under its id. It is stored as its schema has it, so that any channel can be rendered later. */
export interface Told {
  id: string
  event: AnyEvent
}

/** Notices go in with what they tell of. Their ids follow from the scan, so that none is told twice. */
export const addNotices = (db: Db, tenantId: string, notices: readonly Told[], guard: SQL, now: number): Statement =>
  db.run(sql`INSERT OR IGNORE INTO outbox (tenant_id, id, name, at, body)
    SELECT ${tenantId}, value ->> '$.id', value ->> '$.event.type', ${now}, value ->> '$.event' FROM json_each(${rows(notices)}) WHERE ${guard}`)

/** Forgets notices that reached nobody in their time: they would be told too late to be of use. */
export const forgetNotices = async (db: Db, before: number): Promise<void> => {
  await db.delete(outbox).where(and(isNull(outbox.sentAt), lt(outbox.at, before)))
}
