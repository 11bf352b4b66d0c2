/** Pages of the fleet. Other tenants than the operator are told which sites there are, and no more. */
import { type Context, Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { operator, tenant } from '../guards/tenant.ts'
import { EnrolPage } from '../portal/enrolled.tsx'
import { FleetPage, SitesPage } from '../portal/fleet.tsx'
import { type KnownEndpoint, KnownPage, knownColumns } from '../portal/fleet-known.tsx'
import { type FleetProbe, PROBE_STATES, probeColumns, SITE_COLUMNS, type SiteLine } from '../portal/fleet-rows.tsx'
import { ProbePage } from '../portal/probe.tsx'
import { listBeacons } from '../store/beacons.ts'
import { OPERATOR } from '../store/keys.ts'
import { listProbes } from '../store/probes.ts'
import { listCanaries } from '../store/trust.ts'
import { readFleet, sitesOf } from './fleet-data.ts'
import { askOf, fileOfHeld, type HeldRules, pageOfHeld } from './held-list.ts'
import { readProbeRows } from './portal-data.ts'
import { asPage, frameOf, show } from './show.tsx'

const PROBES: HeldRules<FleetProbe> = {
  columns: probeColumns(0),
  words: ({ site, sourceAddress, provider, country, id }) => [site, sourceAddress, provider, country, id],
  filters: {
    state: ({ state }, value) => state === value,
    site: ({ site }, value) => site === value,
    version: ({ upgradeTo }) => upgradeTo !== null,
  },
}
const SITES: HeldRules<SiteLine> = {
  columns: SITE_COLUMNS,
  words: ({ site, provider, country }) => [site, provider, country],
}

async function forOperator(c: Context<AppEnv>): Promise<Response> {
  const ask = askOf(c, PROBES, { state: PROBE_STATES, site: null, version: ['old'] })
  const all = await readFleet(c.var.world.db, c.var.world.now)
  const file = fileOfHeld(c, 'probes', all, ask, PROBES)
  if (file) return file
  return show(c, <FleetPage frame={await frameOf(c)} all={all} ask={ask} {...pageOfHeld(all, ask, PROBES)} />)
}

async function forOthers(c: Context<AppEnv>): Promise<Response> {
  const ask = askOf(c, SITES)
  const all = sitesOf(await readProbeRows(c.var.world.db, c.var.world.now))
  const file = fileOfHeld(c, 'sites', all, ask, SITES)
  if (file) return file
  return show(c, <SitesPage frame={await frameOf(c)} ask={ask} {...pageOfHeld(all, ask, SITES)} />)
}

async function known(c: Context<AppEnv>, kind: 'beacons' | 'canaries'): Promise<Response> {
  const { db } = c.var.world
  const rules: HeldRules<KnownEndpoint> = { columns: knownColumns(kind, false) }
  const ask = askOf(c, rules)
  const all: KnownEndpoint[] =
    kind === 'beacons' ? (await listBeacons(db)).map((beacon) => ({ ...beacon, expect: null })) : await listCanaries(db)
  const file = fileOfHeld(c, kind, all, ask, rules)
  if (file) return file
  return show(c, <KnownPage frame={await frameOf(c)} kind={kind} ask={ask} {...pageOfHeld(all, ask, rules)} />)
}

export const fleetPageRoutes = new Hono<AppEnv>()
  // Matches the path itself, too: twice would answer twice.
  .use('/fleet/*', asPage)
  .get('/fleet', tenant, (c) => (c.var.caller.tenantId === OPERATOR ? forOperator(c) : forOthers(c)))
  .get('/fleet/enrol', tenant, operator, async (c) => {
    const sites = new Set((await listProbes(c.var.world.db)).map(({ site }) => site))
    return show(c, <EnrolPage frame={await frameOf(c)} sites={[...sites].toSorted().slice(0, 20)} />)
  })
  .get('/fleet/beacons', tenant, operator, (c) => known(c, 'beacons'))
  .get('/fleet/canaries', tenant, operator, (c) => known(c, 'canaries'))
  .get('/fleet/:id', tenant, async (c) => {
    const { db, now } = c.var.world
    const isTheirs = c.var.caller.tenantId === OPERATOR
    const probe = isTheirs ? (await readFleet(db, now)).find(({ id }) => id === c.req.param('id')) : undefined
    if (!probe) throw new Failure('not_found', 'There is no probe with that id.')
    return show(c, <ProbePage frame={await frameOf(c)} probe={probe} />)
  })
