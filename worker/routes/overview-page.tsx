/** The first page: what needs attention now. */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { tenant } from '../guards/tenant.ts'
import { OverviewPage } from '../portal/overview.tsx'
import type { ProbeHealth } from '../portal/overview-views.ts'
import { MOST_COUNTED } from '../portal/views.ts'
import type { Db } from '../store/db.ts'
import { probeHealth, readMatters, scanMarks } from '../store/overview.ts'
import { stateOf } from './probe-state.ts'
import { asPage, frameOf, show } from './show.tsx'

/** Marks of the chart, and those of them that are listed with their sentence. */
const MARKS = 60
const TOLD = 10
/** Things of one kind that are named; the rest is counted. */
const EACH = 4

export const overviewRoutes = new Hono<AppEnv>().use('/', asPage).get('/', tenant, async (c) => {
  const { db, now } = c.var.world
  const { tenantId } = c.var.caller
  const [frame, scans, { matters, running, snoozed }, probes] = await Promise.all([
    frameOf(c),
    scanMarks(db, tenantId, MARKS, TOLD),
    readMatters(db, tenantId, now, EACH, MOST_COUNTED),
    readHealth(db, now),
  ])
  return show(c, <OverviewPage {...{ frame, scans, running, snoozed, matters, probes }} />)
})

/** The fleet serves all tenants, so all may see how it stands. */
async function readHealth(db: Db, now: number): Promise<ProbeHealth[]> {
  return (await probeHealth(db)).map((probe) => {
    const { id, site, sourceAddress, country, provider, seenAt, health, quarantineReason } = probe
    const reasons = quarantineReason === null ? (health?.reasons ?? []) : [quarantineReason]
    return { id, site, sourceAddress, country, provider, seenAt, state: stateOf(probe, now), reasons }
  })
}
