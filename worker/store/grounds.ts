/** What must still hold in the very write that opens something: the kill switch is off, nobody opted out since, control stands. */
import { type SQL, sql } from 'drizzle-orm'
import { rows } from './db.ts'
import { OPERATOR } from './keys.ts'
import type { OptOut } from './optOuts.ts'
import { stoppedFlag } from './settings.ts'

/** A public address and the letter that covers it, if one does. */
export interface Ground {
  address: string
  letter: string | null
}

/** Tells one list of opt-outs from another: an entry is added or removed, and never changed. */
const markOf = (list: readonly Pick<OptOut, 'createdAt'>[]): string =>
  `${list.length} ${list.reduce((latest, { createdAt }) => Math.max(latest, createdAt), 0)}`

/** True while nobody has stopped all scanning, and the opt-outs are those that were asked. */
export const nobodyObjects = (optOuts: readonly Pick<OptOut, 'createdAt'>[]): SQL =>
  sql`NOT ${stoppedFlag} AND (SELECT count(*) || ' ' || coalesce(max(created_at), 0) FROM opt_outs WHERE tenant_id = ${OPERATOR}) = ${markOf(optOuts)}`

/** True while each of these has a proof that holds, or its letter does. */
export const controlHolds = (tenantId: string, grounds: readonly Ground[], now: number): SQL =>
  grounds.length === 0
    ? sql`1`
    : sql`NOT EXISTS (SELECT 1 FROM json_each(${rows(grounds)}) ground
        WHERE NOT EXISTS (SELECT 1 FROM controls WHERE tenant_id = ${tenantId} AND subject = ground.value ->> '$.address' AND proved_at IS NOT NULL AND expires_at > ${now})
        AND NOT EXISTS (SELECT 1 FROM letters WHERE tenant_id = ${tenantId} AND id = ground.value ->> '$.letter' AND revoked_at IS NULL AND expires_at > ${now}))`
