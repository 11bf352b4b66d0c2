/** The portal: pages for people, rendered here and readable without any script. */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { tenant } from '../guards/tenant.ts'
import { ASSETS, type Asset } from '../portal/assets.ts'
import { ChannelsPage } from '../portal/channels.tsx'
import { IssuePage, IssuesPage } from '../portal/issues.tsx'
import { OverviewPage } from '../portal/overview.tsx'
import { RulesPage } from '../portal/rules.tsx'
import { TargetPage, TargetsPage } from '../portal/targets.tsx'
import { recentIssues, recentScans, targetLines } from '../store/portal.ts'
import { allowlistView } from './allowlists.ts'
import { cached } from './cached.ts'
import { formRoutes } from './forms.ts'
import { lookRoutes } from './look.ts'
import { readChannelLines, readIssueView, readProbeRows, readTargetView } from './portal-data.ts'
import { rangesPageRoutes } from './ranges-page.tsx'
import { scanPageRoutes } from './scan-pages.tsx'
import { asPage, frameOf, frameOrNone, show, strayAsPage } from './show.tsx'
import { signInRoutes } from './sign-in.tsx'

const LATEST = 12
const LIST = 200

const missing = (noun: string): Failure => new Failure('not_found', `There is no ${noun} with that id.`)

export const portalRoutes = new Hono<AppEnv>()
  .use(strayAsPage)
  .route('/', signInRoutes)
  .route('/', lookRoutes)
  .use('/', asPage)
  .use('/targets/*', asPage)
  .use('/scans/*', asPage)
  .use('/issues/*', asPage)
  .use('/proofs/*', asPage)
  .use('/channels', asPage)
  .route('/', formRoutes)
  .route('/', scanPageRoutes)
  .get('/portal/:name', (c) => {
    const assets: Readonly<Record<string, Asset>> = ASSETS
    const name = c.req.param('name')
    const asset = Object.hasOwn(assets, name) ? assets[name] : undefined
    if (!asset) throw new Failure('not_found', 'There is nothing at this path.')
    const isThis = asset.version !== null && asset.version === c.req.query('v')
    return cached(c.req.raw, asset.text, { type: asset.type, keep: isThis ? 'ever' : 'hour' })
  })
  .get('/rules', async (c) => show(c, <RulesPage frame={await frameOrNone(c)} />))
  .route('/', rangesPageRoutes)
  .get('/', tenant, async (c) => {
    const { db, now } = c.var.world
    const { tenantId } = c.var.caller
    const [frame, scans, issues, probes] = await Promise.all([
      frameOf(c),
      recentScans(db, tenantId, null, LATEST),
      recentIssues(db, tenantId, { closed: false }, LATEST),
      readProbeRows(db, now),
    ])
    return show(c, <OverviewPage frame={frame} scans={scans} issues={issues} probes={probes} />)
  })
  .get('/targets', tenant, async (c) => {
    const targets = await targetLines(c.var.world.db, c.var.caller.tenantId, LIST)
    return show(c, <TargetsPage frame={await frameOf(c)} targets={targets} />)
  })
  .get('/targets/:id', tenant, async (c) => {
    const target = await readTargetView(c.var.world.db, c.var.caller.tenantId, c.req.param('id'))
    if (!target) throw missing('target')
    return show(c, <TargetPage frame={await frameOf(c)} target={target} />)
  })
  .get('/channels', tenant, async (c) => {
    const channels = await readChannelLines(c.var.world.db, c.var.caller.tenantId)
    return show(c, <ChannelsPage frame={await frameOf(c)} channels={channels} />)
  })
  .get('/issues', tenant, async (c) => {
    const { db } = c.var.world
    const { tenantId } = c.var.caller
    const [open, closed] = await Promise.all([
      recentIssues(db, tenantId, { closed: false }, LIST),
      recentIssues(db, tenantId, { closed: true }, LATEST),
    ])
    return show(c, <IssuesPage frame={await frameOf(c)} open={open} closed={closed} />)
  })
  .get('/issues/:id', tenant, async (c) => {
    const issue = await readIssueView(c.var.world.db, c.var.caller.tenantId, c.req.param('id'))
    if (!issue) throw missing('issue')
    return show(c, <IssuePage frame={await frameOf(c)} issue={issue} allowlist={await allowlistView(c, issue.id)} />)
  })
