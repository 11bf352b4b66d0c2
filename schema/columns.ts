/** Columns that many tables have. */
import { text } from 'drizzle-orm/sqlite-core'

export const tenantId = () => text('tenant_id').notNull()
export const id = () => text('id').notNull()
export const json = <T>(name: string) => text(name, { mode: 'json' }).$type<T>()
