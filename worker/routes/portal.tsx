/** The portal: pages for people, rendered here and readable without any script. */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { ASSETS, type Asset } from '../portal/assets.ts'
import { cached } from './cached.ts'
import { formRoutes } from './forms.ts'
import { issuePageRoutes } from './issue-page.tsx'
import { lookRoutes } from './look.ts'
import { overviewRoutes } from './overview-page.tsx'
import { rangesPageRoutes } from './ranges-page.tsx'
import { reportPageRoutes } from './report-page.tsx'
import { scanPageRoutes } from './scan-pages.tsx'
import { setupPages } from './setup-pages.ts'
import { asPage, strayAsPage } from './show.tsx'
import { signInRoutes } from './sign-in.tsx'
import { targetPageRoutes } from './target-pages.tsx'

export const portalRoutes = new Hono<AppEnv>()
  .use(strayAsPage)
  .route('/', signInRoutes)
  .route('/', lookRoutes)
  .use('/scans/*', asPage)
  .use('/issues/*', asPage)
  .use('/proofs/*', asPage)
  .route('/', formRoutes)
  .route('/', setupPages)
  .route('/', scanPageRoutes)
  .get('/portal/:name', (c) => {
    const assets: Readonly<Record<string, Asset>> = ASSETS
    const name = c.req.param('name')
    const asset = Object.hasOwn(assets, name) ? assets[name] : undefined
    if (!asset) throw new Failure('not_found', 'There is nothing at this path.')
    const isThis = asset.version !== null && asset.version === c.req.query('v')
    return cached(c.req.raw, asset.text, { type: asset.type, keep: isThis ? 'ever' : 'hour' })
  })
  .route('/', rangesPageRoutes)
  .route('/', overviewRoutes)
  .route('/', targetPageRoutes)
  .route('/', issuePageRoutes)
  .route('/', reportPageRoutes)
