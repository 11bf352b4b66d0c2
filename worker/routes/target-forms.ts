/** Forms on the pages of targets: each posts to the API, and its browser is led on. */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { led, said } from './forms.ts'

const target = (id: string, done: Parameters<typeof said>[1], part = ''): string =>
  `${said(`/targets/${id}`, done)}${part}`

export const targetFormRoutes = new Hono<AppEnv>()
  .on(
    'POST',
    '/api/v1/targets',
    led((made) => target(made?.id ?? '', 'added')),
  )
  .on(
    'PATCH',
    '/api/v1/targets/:id',
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
