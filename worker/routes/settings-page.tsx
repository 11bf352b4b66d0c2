/** Pages of the settings. */
import { type Context, Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { ceilingsWith } from '../../schema/ceilings.ts'
import type { LetterAnswer } from '../../schema/control.ts'
import { type AppEnv, actorOf } from '../context.ts'
import { SESSION_COOKIE } from '../guards/session.ts'
import { allow, operator, tenant } from '../guards/tenant.ts'
import { CEILING_FILE, ceilingLines } from '../portal/files.ts'
import { LettersPage, letterColumns, OPT_OUT_COLUMNS, type OptOutLine, OptOutsPage } from '../portal/permissions.tsx'
import { type SessionView, SettingsPage } from '../portal/settings.tsx'
import { readTokens } from '../proofTokens.ts'
import { retentionOf } from '../retention.ts'
import { readCeilings } from '../store/ceilings.ts'
import { listTenants, OPERATOR } from '../store/keys.ts'
import { listLetters } from '../store/letters.ts'
import { listOptOuts } from '../store/optOuts.ts'
import { readSettings } from '../store/settings.ts'
import { letterAnswer } from './control.ts'
import { askOf, fileOfHeld, type HeldRules, pageOfHeld } from './held-list.ts'
import { fileFormat, fileOfAll } from './listing.ts'
import { asPage, frameOf, show } from './show.tsx'

const OPT_OUTS: HeldRules<OptOutLine> = { columns: OPT_OUT_COLUMNS, words: ({ cidr, note }) => [cidr, note] }
const letters = (now: number): HeldRules<LetterAnswer> => ({
  columns: letterColumns(now),
  words: ({ cidr, tenantId, signedBy, note }) => [cidr, tenantId, signedBy, note],
})

function sessionOf(c: Context<AppEnv>): SessionView {
  const { caller } = c.var
  const by = caller.identity !== undefined ? 'access' : caller.byCookie ? 'session' : 'key'
  const ends = Number(getCookie(c, SESSION_COOKIE)?.split('.')[2])
  return { actor: actorOf(caller), by, scope: caller.scope, endsAt: by === 'session' && ends > 0 ? ends : null }
}

export const settingsPageRoutes = new Hono<AppEnv>()
  // Matches the path itself, too: twice would answer twice.
  .use('/settings/*', asPage)
  .get('/settings', tenant, async (c) => {
    const { world, caller } = c.var
    const isOperator = caller.tenantId === OPERATOR
    const [{ switch: moved, values }, tokens, frame] = await Promise.all([
      readSettings(world.db, ['retention', 'ceilings']),
      readTokens(world, caller.tenantId, null),
      frameOf(c),
    ])
    return show(
      c,
      <SettingsPage
        frame={frame}
        tenantId={caller.tenantId}
        session={sessionOf(c)}
        switch={isOperator ? moved : { ...moved, by: null }}
        tokens={tokens}
        retention={isOperator ? retentionOf(values.retention) : null}
        ceilings={isOperator ? ceilingsWith(JSON.parse(values.ceilings ?? '{}')) : null}
      />,
    )
  })
  .get('/settings/ceilings', tenant, operator, async (c) => {
    const rows = ceilingLines(await readCeilings(c.var.world.db))
    return fileOfAll('ceilings', fileFormat(c) ?? 'csv', CEILING_FILE, rows)
  })
  .get('/settings/opt-outs', tenant, operator, allow('admin'), async (c) => {
    const ask = askOf(c, OPT_OUTS)
    const all = await listOptOuts(c.var.world.db)
    const file = fileOfHeld(c, 'opt-outs', all, ask, OPT_OUTS)
    if (file) return file
    return show(c, <OptOutsPage frame={await frameOf(c)} ask={ask} {...pageOfHeld(all, ask, OPT_OUTS)} />)
  })
  .get('/settings/letters', tenant, operator, allow('admin'), async (c) => {
    const { db, now } = c.var.world
    const rules = letters(now)
    const ask = askOf(c, rules)
    const [rows, tenants] = await Promise.all([listLetters(db), listTenants(db)])
    const all = rows.map(letterAnswer)
    const file = fileOfHeld(c, 'letters', all, ask, rules)
    if (file) return file
    return show(
      c,
      <LettersPage frame={await frameOf(c)} ask={ask} tenants={tenants} {...pageOfHeld(all, ask, rules)} />,
    )
  })
