/** The OpenAPI document, and what our own page shows of it. */
import type { Hono } from 'hono'
import { generateSpecs } from 'hono-openapi'
import type { AppEnv } from '../context.ts'
import type { ApiCall, CallGroup } from '../portal/api.tsx'

export const ABOUT = {
  title: 'Portwitness',
  version: '1',
  description: 'Tells a security team when its scans are being blocked, by what, and how to put it right.',
}

/** The document of the routes that `app` has. */
export const documentOf = (app: Hono<AppEnv>) =>
  generateSpecs(app, {
    documentation: {
      openapi: '3.1.0',
      info: ABOUT,
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key, pw_…' } } },
      security: [{ key: [] }],
    },
  })
export type Document = Awaited<ReturnType<typeof documentOf>>

/** The document as the page of the API shows it: calls by what they are about. */
export function callGroups(document: Document): CallGroup[] {
  const calls = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).map(([method, call]) => callOf(path, method.toUpperCase(), call as Described)),
  )
  const names = [...new Set(calls.flatMap(({ tags }) => tags))]
  return names.map((name) => ({ name, calls: calls.filter(({ tags }) => tags.includes(name)) }))
}

interface Described {
  tags?: string[]
  summary?: string
  parameters?: { name: string; description?: string }[]
  requestBody?: { content?: Record<string, { schema?: unknown }> }
}

const callOf = (path: string, method: string, call: Described): ApiCall & { tags: string[] } => {
  const body = call.requestBody?.content?.['application/json']?.schema
  return {
    ...{ path, method, tags: call.tags ?? [], does: call.summary ?? '' },
    parameters: (call.parameters ?? []).map(({ name, description }) => ({ name, detail: description ?? '' })),
    body: body === undefined ? null : JSON.stringify(body, null, 1),
  }
}
