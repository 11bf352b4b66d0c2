/** The portal: pages for people, rendered here and readable without any script. */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { tenant } from '../guards/tenant.ts'
import { ASSETS, type Asset } from '../portal/assets.ts'
import { ChannelsPage } from '../portal/channels.tsx'
import { IssuePage, IssuesPage } from '../portal/issues.tsx'
import { ProofPage } from '../portal/proof.tsx'
import { RulesPage } from '../portal/rules.tsx'
import { ScanPage, ScansPage } from '../portal/scan.tsx'
import { recentIssues, recentScans } from '../store/portal.ts'
import { openText } from '../store/raw.ts'
import { readScan } from '../store/scans.ts'
import { allowlistView } from './allowlists.ts'
import { cached } from './cached.ts'
import { formRoutes } from './forms.ts'
import { lookRoutes } from './look.ts'
import { overviewRoutes } from './overview-page.tsx'
import { plainText } from './plain.ts'
import { readChannelLines, readIssueView, readProofView, readScanView } from './portal-data.ts'
import { rangesPageRoutes } from './ranges-page.tsx'
import { asPage, frameOf, frameOrNone, show, strayAsPage } from './show.tsx'
import { signInRoutes } from './sign-in.tsx'
import { targetPageRoutes } from './target-pages.tsx'

const LATEST = 12
const LIST = 200

const missing = (noun: string): Failure => new Failure('not_found', `There is no ${noun} with that id.`)

export const portalRoutes = new Hono<AppEnv>()
  .use(strayAsPage)
  .route('/', signInRoutes)
  .route('/', lookRoutes)
  .use('/scans/*', asPage)
  .use('/issues/*', asPage)
  .use('/proofs/*', asPage)
  .use('/channels', asPage)
  .route('/', formRoutes)
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
  .route('/', overviewRoutes)
  .route('/', targetPageRoutes)
  .get('/scans', tenant, async (c) => {
    const scans = await recentScans(c.var.world.db, c.var.caller.tenantId, null, LIST)
    return show(c, <ScansPage frame={await frameOf(c)} scans={scans} />)
  })
  .get('/scans/:id', tenant, async (c) => {
    const scan = await readScanView(c.var.world.db, c.var.caller.tenantId, c.req.param('id'), c.var.world.now)
    if (!scan) throw missing('scan')
    return show(c, <ScanPage frame={await frameOf(c)} scan={scan} />)
  })
  .get('/scans/:id/output', tenant, async (c) => {
    const { db, raw } = c.var.world
    const scan = await readScan(db, c.var.caller.tenantId, c.req.param('id'))
    const text = scan?.outputKey ? await openText(raw, scan.outputKey) : null
    if (!text) throw new Failure('not_found', 'There is no raw output of this scan.')
    const name = `${scan?.id}.txt`
    return plainText(text, { name, cut: c.req.query('whole') === undefined ? `${c.req.path}?whole` : null })
  })
  .get('/proofs/:id', tenant, async (c) => {
    const proof = await readProofView(c.var.world.db, c.var.caller.tenantId, c.req.param('id'))
    if (!proof) throw missing('proof')
    return show(c, <ProofPage frame={await frameOf(c)} proof={proof} />)
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
