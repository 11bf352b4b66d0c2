/** Pages of keys and tenants. */
import { Hono } from 'hono'
import { SCOPES } from '../../schema/words.ts'
import type { AppEnv } from '../context.ts'
import { allow, operator, tenant } from '../guards/tenant.ts'
import { type KeyLine, KeysPage, keyColumns, type TenantLine, TenantsPage, tenantColumns } from '../portal/keys.tsx'
import { allKeys, listTenants, OPERATOR } from '../store/keys.ts'
import { askOf, fileOfHeld, type HeldRules, pageOfHeld } from './held-list.ts'
import { asPage, frameOf, show } from './show.tsx'

const KEYS: HeldRules<KeyLine> = {
  columns: keyColumns(0, null),
  words: ({ name, hint, id }) => [name, hint, id],
  filters: { scope: ({ scope }, value) => scope === value },
}
const TENANTS: HeldRules<TenantLine> = {
  columns: tenantColumns(OPERATOR),
  words: ({ name, id }) => [name, id],
}

export const keysPageRoutes = new Hono<AppEnv>()
  // Matches the path itself, too: twice would answer twice.
  .use('/keys/*', asPage)
  .get('/keys', tenant, allow('admin'), async (c) => {
    const { db } = c.var.world
    const { tenantId, keyId, identity } = c.var.caller
    const ask = askOf(c, KEYS, { scope: SCOPES })
    const all = await allKeys(db, tenantId)
    const file = fileOfHeld(c, 'keys', all, ask, KEYS)
    if (file) return file
    const own = identity === undefined ? keyId : null
    return show(c, <KeysPage frame={await frameOf(c)} ask={ask} own={own} {...pageOfHeld(all, ask, KEYS)} />)
  })
  .get('/keys/tenants', tenant, operator, allow('admin'), async (c) => {
    const ask = askOf(c, TENANTS)
    const all = await listTenants(c.var.world.db)
    const file = fileOfHeld(c, 'tenants', all, ask, TENANTS)
    if (file) return file
    return show(
      c,
      <TenantsPage frame={await frameOf(c)} ask={ask} operatorId={OPERATOR} {...pageOfHeld(all, ask, TENANTS)} />,
    )
  })
