/** Forms on the pages of targets: each posts to the API, and its browser is led on or shown what was wrong. */
import type { Context } from 'hono'
import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { JSX } from 'hono/jsx/jsx-runtime'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { API_BYTES, bytesOf, isForm } from '../guards/limit.ts'
import { BLANK, EditTargetPage, type Fault, NewTargetPage, type Typed } from '../portal/target-form.tsx'
import type { Frame } from '../portal/views.ts'
import { readTargetName } from '../store/portal.ts'
import type { Target } from '../store/targets.ts'
import { led, said } from './forms.ts'
import { frameOf, show } from './show.tsx'

export const typedOf = (target: Target): Typed => ({
  address: target.address,
  name: target.name ?? '',
  ports: target.ports,
  profile: target.profile,
  schedule: target.schedule ?? '',
  timezone: target.timezone,
  sites: target.sites.join(', '),
  tags: target.tags.join(', '),
  maxConnectsPerSecond: String(target.maxConnectsPerSecond),
})

type Again = (c: Context<AppEnv>, frame: Frame, typed: Typed, faults: readonly Fault[]) => Promise<JSX.Element>

/** Where a field was not acceptable the form comes back as it was typed, and says what. */
const again = (page: Again) =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (!isForm(c.req.raw)) return next()
    const { url, method, headers, signal } = c.req.raw
    const body = await bytesOf(c.req.raw, API_BYTES)
    c.req.raw = new Request(url, { method, headers, signal, body })
    await next()
    if (!(c.error instanceof Failure) || c.error.errors.length === 0 || !c.var.caller) return
    const form = new URLSearchParams(new TextDecoder().decode(body))
    const typed = Object.fromEntries(Object.keys(BLANK).map((name) => [name, form.get(name) ?? ''])) as Typed
    const shown = await page(c, await frameOf(c), typed, c.error.errors)
    c.res = undefined
    c.res = show(c, shown, 422)
  })

const target = (id: string, done: Parameters<typeof said>[1], part = ''): string =>
  `${said(`/targets/${id}`, done)}${part}`

export const targetFormRoutes = new Hono<AppEnv>()
  .on(
    'POST',
    '/api/v1/targets',
    again(async (_, frame, typed, faults) => <NewTargetPage frame={frame} typed={typed} faults={faults} />),
    led((made) => target(made?.id ?? '', 'added')),
  )
  .on(
    'PATCH',
    '/api/v1/targets/:id',
    again(async (c, frame, typed, faults) => {
      const id = c.req.param('id') ?? ''
      const name = await readTargetName(c.var.world.db, c.var.caller.tenantId, id)
      return <EditTargetPage frame={frame} id={id} name={name} typed={typed} faults={faults} />
    }),
    led((_, id) => target(id, 'saved')),
  )
  .on(
    'DELETE',
    '/api/v1/targets/:id',
    led(() => said('/targets', 'removed')),
  )
  .on(
    'POST',
    '/api/v1/scans',
    led((scan) => `/scans/${scan?.id}`),
  )
  .on(
    'POST',
    '/api/v1/targets/:id/verification',
    led((_, id) => target(id, 'chosen', '#control')),
  )
  .on(
    'POST',
    '/api/v1/targets/:id/verification/check',
    led((_, id) => target(id, 'checked', '#control')),
  )
  .on(
    'POST',
    '/api/v1/targets/:id/badge',
    led((_, id) => target(id, 'badge', '#badge')),
  )
  .on(
    'DELETE',
    '/api/v1/targets/:id/badge',
    led((_, id) => target(id, 'unbadged', '#badge')),
  )
