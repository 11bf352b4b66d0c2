/** Pages as answers. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { JSX } from 'hono/jsx/jsx-runtime'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { HEADERS } from '../portal/layout.tsx'
import { ProblemPage } from '../portal/problem.tsx'
import type { Frame } from '../portal/views.ts'
import { readBanner } from '../store/portal.ts'

/** A whole page, with the policy that keeps it one. */
export const show = (page: JSX.Element, status = 200): Response =>
  new Response(`<!doctype html>${page}`, {
    status,
    headers: { ...HEADERS, 'content-type': 'text/html; charset=utf-8' },
  })

export const frameOf = async (c: Context<AppEnv>): Promise<Frame> => ({
  ...(await readBanner(c.var.world.db, c.var.caller.tenantId)),
  now: c.var.world.now,
})

const TITLE: Record<number, string> = { 403: 'Not allowed', 404: 'Not found', 413: 'Too large', 503: 'Busy' }

/** What went wrong inside is answered as everywhere; here the answer becomes a page, or the way to sign in. */
export const asPage = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  if (!c.error) return
  const { status } = c.res
  const frame = c.var.caller && status === 404 ? await frameOf(c) : null
  const detail = c.error instanceof Failure ? c.error.message : 'Something went wrong on our side. It has been logged.'
  // Emptied first: the headers of the old answer would go with the new one.
  c.res = undefined
  c.res =
    status === 401
      ? new Response(null, { status: 303, headers: { location: '/signin' } })
      : show(<ProblemPage title={TITLE[status] ?? 'Our fault'} detail={detail} frame={frame} />, status)
})
