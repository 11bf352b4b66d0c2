/** Pages as answers. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { JSX } from 'hono/jsx/jsx-runtime'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { tenant } from '../guards/tenant.ts'
import { HEADERS } from '../portal/layout.tsx'
import { LookContext } from '../portal/look.ts'
import { ProblemPage } from '../portal/problem.tsx'
import { RefusalContext } from '../portal/refusal.ts'
import { type Frame, MOST_COUNTED } from '../portal/views.ts'
import { OPERATOR } from '../store/keys.ts'
import { readBanner } from '../store/portal.ts'
import { refusalOf } from './in-place.ts'
import { lookOf } from './look.ts'
import { ownPath, queryOf } from './own-path.ts'

/** A whole page, as this request looks at it, with the policy that keeps it one. What was refused is at no place of ours. */
export const show = (c: Context<AppEnv>, page: JSX.Element, status = 200): Response => {
  const look = status < 400 ? lookOf(c) : { ...lookOf(c), path: '', query: '' }
  const refusal = refusalOf(c)
  const html = (
    <LookContext.Provider value={look}>
      <RefusalContext.Provider value={refusal}>{page}</RefusalContext.Provider>
    </LookContext.Provider>
  )
  const text = `<!doctype html>${html}`
  return new Response(text, {
    status: refusal?.isShown ? refusal.status : status,
    headers: { ...HEADERS, 'content-type': 'text/html; charset=utf-8' },
  })
}

export const frameOf = async (c: Context<AppEnv>): Promise<Frame> => ({
  ...(await readBanner(c.var.world.db, c.var.caller.tenantId, MOST_COUNTED)),
  mayWrite: c.var.caller.scope !== 'read',
  mayAdmin: c.var.caller.scope === 'admin',
  isOperator: c.var.caller.tenantId === OPERATOR,
  now: c.var.world.now,
})

/** The same on pages for everyone; null for a stranger. */
export async function frameOrNone(c: Context<AppEnv>): Promise<Frame | null> {
  try {
    await tenant(c, async () => undefined)
  } catch (error) {
    if (error instanceof Failure && error.code === 'unauthorized') return null
    throw error
  }
  return frameOf(c)
}

const TITLE: Record<number, string> = {
  403: 'Not allowed',
  404: 'Not found',
  409: 'Not now',
  413: 'Too large',
  422: 'Not acceptable',
  429: 'Too many at once',
  503: 'Busy',
}

/** Of a body with a thousand wrong fields as many are named. */
const MOST_FAULTS = 12

/** What went wrong inside is answered as everywhere; here the answer becomes a page, or the way to sign in. */
export const asPage = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  if (!c.error) return
  const { status } = c.res
  const frame = c.var.caller && status < 500 ? await frameOf(c) : null
  const faults = c.error instanceof Failure && c.req.method !== 'GET' ? c.error.errors.slice(0, MOST_FAULTS) : []
  const detail = c.error instanceof Failure ? c.error.message : 'Something went wrong on our side. It has been logged.'
  // Emptied first: the headers of the old answer would go with the new one.
  c.res = undefined
  c.res =
    status === 401
      ? signedOut(c)
      : show(
          c,
          <ProblemPage
            title={TITLE[status] ?? 'Our fault'}
            detail={detail}
            frame={frame}
            path={c.req.path}
            faults={faults}
          />,
          status,
        )
})

/** To the door and back; what was sent with a dead session is said not to be saved. */
function signedOut(c: Context<AppEnv>): Response {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') {
    const next = ownPath(new URL(c.req.url).pathname + queryOf(c.req.url))
    const location = next === '/' ? '/signin' : `/signin?next=${encodeURIComponent(next)}`
    return new Response(null, { status: 303, headers: { location } })
  }
  const detail = 'Your session has ended: nothing was saved. Sign in in another tab, come back here, and send it again.'
  return show(c, <ProblemPage title="Signed out" detail={detail} frame={null} />, 401)
}

/** A path that leads nowhere, opened in a browser. What is thrown is not meant: each route answers for its own. */
export const strayAsPage = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const isPerson = /\btext\/html\b/i.test(c.req.header('accept') ?? '')
  if (c.error || c.res.status !== 404 || !isPerson) return
  const frame = await frameOrNone(c)
  c.res = undefined
  c.res = show(c, <ProblemPage title="Not found" detail="There is no page at this address." frame={frame} />, 404)
})
