/** The page of the rules, for everybody. */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { RULE_LIST } from '../core/rules.ts'
import { RULE_COLUMNS, RulesPage } from '../portal/rules.tsx'
import { fileFormat, fileOfAll } from './listing.ts'
import { asPage, frameOrNone, show } from './show.tsx'

export const rulesPageRoutes = new Hono<AppEnv>().use('/rules', asPage).get('/rules', async (c) => {
  const format = fileFormat(c)
  if (format) return fileOfAll('rules', format, RULE_COLUMNS, RULE_LIST)
  return show(c, <RulesPage frame={await frameOrNone(c)} />)
})
