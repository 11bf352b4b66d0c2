/**
 * A form of ours that is refused comes back on the page where it stood: that page is asked for as the browser would, told what was
 * refused, and answers with the form as it was typed (worker/portal/parts/form.tsx). It knows no form and no page by name.
 */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { API_BYTES, bytesOf } from '../guards/limit.ts'
import type { Refusal } from '../portal/refusal.ts'
import { innermost } from '../store/db.ts'
import { ownPath } from './own-path.ts'

/** Beside the request and never in it: whatever a request says of itself, anybody could send. */
const REFUSALS = new WeakMap<Request, Refusal>()

/** What the page that this request asks for has to say of a form on it. */
export const refusalOf = (c: Context<AppEnv>): Refusal | null => REFUSALS.get(c.req.raw) ?? null

/** Who may not ask, or did not ask from a page of ours, is not shown one filled in; and what is gone is on no page. */
const ELSEWHERE: readonly number[] = [401, 403, 404]

export const inPlace = createMiddleware<AppEnv>(async (c, next) => {
  const { url, method, headers, signal } = c.req.raw
  const body = await bytesOf(c.req.raw, API_BYTES)
  c.req.raw = new Request(url, { method, headers, signal, ...(body.length > 0 ? { body } : {}) })
  await next()
  const failure = c.error && innermost(c.error)
  if (!(failure instanceof Failure) || !c.var.caller || ELSEWHERE.includes(c.res.status)) return
  const typed = new URLSearchParams(new TextDecoder().decode(body))
  const place = placeIn(typed)
  if (!place) return
  const refusal: Refusal = {
    form: place.form,
    status: c.res.status,
    detail: failure.message,
    faults: failure.errors,
    typed,
    isShown: false,
    taken: [],
  }
  const page = new Request(new URL(place.page, url), { headers: asIfAsked(headers) })
  REFUSALS.set(page, refusal)
  const answer = await c.var.ask(page)
  // Gone meanwhile, or no page with this form on it: the problem gets a page of its own.
  if (!refusal.isShown) return
  c.error = undefined
  // Emptied first: the headers of the old answer would go with the new one.
  c.res = undefined
  c.res = answer
})

/** Where the form says that it stands: a page of ours, and its id there. */
function placeIn(form: URLSearchParams): { page: string; form: string } | null {
  const [page = '', id = '', ...more] = form.get('at')?.split('#') ?? []
  if (page === '' || page !== ownPath(page) || !/^[a-z][a-z\d-]{0,40}$/.test(id) || more.length > 0) return null
  return { page, form: id }
}

function asIfAsked(headers: Headers): Headers {
  const asked = new Headers(headers)
  for (const name of ['content-type', 'content-length', 'transfer-encoding']) asked.delete(name)
  return asked
}
