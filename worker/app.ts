/** Guards, routes, and what is said when something goes wrong. */
import { Hono } from 'hono'
import { HealthAnswer } from '../schema/api.ts'
import type { AppEnv } from './context.ts'
import { Failure, problem } from './failure.ts'
import { audited } from './guards/audit.ts'
import { front } from './guards/front.ts'
import { tenant } from './guards/tenant.ts'
import { keyRoutes, ownTenantRoutes, sessionRoutes, tenantRoutes } from './routes/access.ts'
import { issueAllowlistRoutes, publicAllowlistRoutes } from './routes/allowlists.ts'
import { apiPageRoutes } from './routes/api-page.tsx'
import { auditRoutes } from './routes/audit.ts'
import { backupRoutes, restoreRoutes, retentionRoutes } from './routes/backup.ts'
import { badgeRoutes, publicBadgeRoutes } from './routes/badges.ts'
import { botAuthRoutes } from './routes/botauth.ts'
import { canaryRoutes } from './routes/canaries.ts'
import { ceilingRoutes } from './routes/ceilings.ts'
import { channelRoutes } from './routes/channels.ts'
import { letterRoutes, verificationRoutes } from './routes/control.ts'
import { describe } from './routes/describe.ts'
import { type Document, documentOf } from './routes/docs.ts'
import { beaconRoutes, killSwitchRoutes, optOutRoutes, probeFleetRoutes } from './routes/fleet.ts'
import { meantBy } from './routes/forms.ts'
import { issueRoutes, occurrenceRoutes } from './routes/issues.ts'
import { portalRoutes } from './routes/portal.tsx'
import { probeRoutes } from './routes/probe.ts'
import { proofRoutes } from './routes/proofs.ts'
import { proofTokenRoutes } from './routes/proofTokens.ts'
import { publishedRoutes } from './routes/published.ts'
import { rangeRoutes } from './routes/ranges.ts'
import { scanRoutes } from './routes/scans.ts'
import { schemaRoutes } from './routes/schemas.ts'
import { metricsRoutes, stackRoutes } from './routes/stack.ts'
import { targetRoutes } from './routes/targets.ts'
import { causeOf, innermost, isBusy } from './store/db.ts'
import { isStopped } from './store/settings.ts'
import { worldOf } from './world.ts'

const api = new Hono<AppEnv>()
  .use(tenant)
  .use(audited)
  .route('/targets', targetRoutes)
  .route('/targets', verificationRoutes)
  .route('/targets', badgeRoutes)
  .route('/scans', scanRoutes)
  .route('/proofs', proofRoutes)
  .route('/proof-token', proofTokenRoutes)
  .route('/issues', issueRoutes)
  .route('/issues', issueAllowlistRoutes)
  .route('/occurrences', occurrenceRoutes)
  .route('/probes', probeFleetRoutes)
  .route('/beacons', beaconRoutes)
  .route('/kill-switch', killSwitchRoutes)
  .route('/opt-outs', optOutRoutes)
  .route('/letters', letterRoutes)
  .route('/ceilings', ceilingRoutes)
  .route('/canaries', canaryRoutes)
  .route('/ranges', rangeRoutes)
  .route('/channels', channelRoutes)
  .route('/keys', keyRoutes)
  .route('/tenants', tenantRoutes)
  .route('/tenant', ownTenantRoutes)
  .route('/sessions', sessionRoutes)
  .route('/stack', stackRoutes)
  .route('/export', backupRoutes)
  .route('/restore', restoreRoutes)
  .route('/retention', retentionRoutes)
  .route('/audit', auditRoutes)

let made: Document | null = null
/** Made once: the routes are what they are. Kept as a value: a promise of one request is not for another to wait for. */
const document = async (): Promise<Document> => {
  made ??= await documentOf(app)
  return made
}

export const app: Hono<AppEnv> = new Hono<AppEnv>()
  .use(front)
  .use(async (c, next): Promise<Response | undefined> => {
    const meant = meantBy(c.req.raw)
    if (meant) return app.fetch(meant, c.env, c.executionCtx)
    await next()
  })
  .use(async (c, next) => {
    c.set(
      'world',
      worldOf(c.env, Date.now(), (work) => c.executionCtx.waitUntil(work)),
    )
    c.set('ask', (request) => app.fetch(request, c.env, c.executionCtx))
    await next()
  })
  .get(
    '/healthz',
    describe({ tag: 'Health', does: '200 when the database answers', answer: HealthAnswer }),
    async (c) => {
      const isOff = await isStopped(c.var.world.db).catch(() => null)
      if (isOff === null) throw new Failure('busy', 'The database does not answer.')
      return c.json({ status: 'ok', scanning: isOff ? 'stopped' : 'on' })
    },
  )
  .get('/openapi.json', async (c) => c.json(await document(), 200, { 'cache-control': 'public, max-age=300' }))
  .route('/', apiPageRoutes(document))
  .route('/', metricsRoutes)
  .route('/', schemaRoutes)
  .route('/', publishedRoutes)
  .route('/', botAuthRoutes)
  .route('/', publicAllowlistRoutes)
  .route('/', publicBadgeRoutes)
  .route('/', portalRoutes)
  .route('/probe/v1', probeRoutes)
  .route('/api/v1', api)

app.notFound(() => problem(new Failure('not_found', 'There is nothing at this path.')))

app.onError((error, c) => {
  const chosen = innermost(error)
  if (chosen instanceof Failure) return problem(chosen)
  if (isBusy(error)) return problem(new Failure('busy', 'The database is busy. Try again.'))
  // A database error's own text holds statements and values; causeOf leaves them out.
  console.error(
    JSON.stringify({
      event: 'bug',
      method: c.req.method,
      path: c.req.path,
      error: causeOf(error),
      stack: stackOf(error),
    }),
  )
  return problem(new Failure('internal', 'Something went wrong on our side.'))
})

/** Where it happened, without what it said. */
const stackOf = (error: Error): string =>
  (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12)
    .join('\n')
