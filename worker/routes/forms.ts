/**
 * Forms of our pages that ask the API. A form can only GET and POST, so one that means another method posts to
 * `PATH?method=PATCH`; and its browser is led on, or shown why not, where a program gets JSON.
 */
import { type Context, Hono, type MiddlewareHandler, type Next } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { AppEnv } from '../context.ts'
import { isForm } from '../guards/limit.ts'
import type { DoneWord } from '../portal/words.ts'
import { inPlace } from './in-place.ts'
import { asPage } from './show.tsx'

/** What was refused is shown where the form stood, or on a page of its own. */
const shownWrong = (c: Context<AppEnv>, next: Next) =>
  asPage(c, async () => {
    await inPlace(c, next)
  })

/** The browser of a form of ours is led where `to` says, from the answer's body (null where it has none) and the path's id. */
export const led = (to: (answer: { id: string } | null, id: string) => string): MiddlewareHandler<AppEnv> =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (!isForm(c.req.raw)) return next()
    await shownWrong(c, next)
    if (!c.res.ok) return
    const isJson = c.res.headers.get('content-type')?.includes('json') ?? false
    const answer = isJson ? ((await c.res.json()) as { id: string }) : null
    c.res = undefined
    c.res = new Response(null, { status: 303, headers: { location: to(answer, c.req.param('id') ?? '') } })
  })

/** The same, but what the answer says is shown at once, and never again: in no address, no cookie, no list. */
export const shown = <Answer>(
  page: (c: Context<AppEnv>, answer: Answer, id: string) => Response | Promise<Response>,
): MiddlewareHandler<AppEnv> =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (!isForm(c.req.raw)) return next()
    await shownWrong(c, next)
    if (!c.res.ok) return
    const answer = (await c.res.json()) as Answer
    c.res = undefined
    c.res = await page(c, answer, c.req.param('id') ?? '')
  })

/** To the page of a noun, which says what was done. */
export const said = (path: string, done: DoneWord): string => `${path}?done=${done}`

export const formRoutes = new Hono<AppEnv>()
  .on(
    'POST',
    '/api/v1/scans/:id/cancel',
    led((_, id) => said(`/scans/${id}`, 'stopping')),
  )
  .on(
    'POST',
    '/api/v1/issues/:id/retest',
    led((scan) => `/scans/${scan?.id}`),
  )
  .on(
    'POST',
    '/api/v1/issues/:id/snooze',
    led((_, id) => said(`/issues/${id}`, 'snoozed')),
  )
  .on(
    'DELETE',
    '/api/v1/issues/:id/snooze',
    led((_, id) => said(`/issues/${id}`, 'woken')),
  )
  .on(
    'POST',
    '/api/v1/targets/:id/prove',
    led((proof) => `/proofs/${proof?.id}`),
  )

const METHODS = ['PATCH', 'PUT', 'DELETE']

/** The request that a form of ours means; null where it means just what it says. */
export function meantBy(request: Request): Request | null {
  if (request.method !== 'POST' || !isForm(request)) return null
  const url = new URL(request.url)
  const method = url.searchParams.get('method')
  if (method === null || !METHODS.includes(method) || !url.pathname.startsWith('/api/v1/')) return null
  url.searchParams.delete('method')
  return new Request(url, { method, headers: request.headers, body: request.body })
}
