/** The OpenAPI document, and a page of our own that shows it: no outside assets, no script. */
import type { Hono } from 'hono'
import { html } from 'hono/html'
import { generateSpecs } from 'hono-openapi'
import type { AppEnv } from '../context.ts'
import { SCHEMA_PATHS } from './schemas.ts'

const ABOUT = {
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

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:CanvasText;background:Canvas}:root{color-scheme:light dark}code{font:.95em ui-monospace,monospace}dt{margin-top:1rem}dd{margin-left:1rem}pre{overflow:auto;padding:.5rem;border:1px solid #8888}'

/** The document as a page. */
export function docsPage(document: Document) {
  const calls = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).map(([method, call]) => ({ path, method: method.toUpperCase(), call: call as Call })),
  )
  const tags = [...new Set(calls.flatMap(({ call }) => call.tags ?? []))]
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Portwitness API</title>
<style>${STYLE}</style></head><body><h1>Portwitness API</h1><p>${ABOUT.description} The same as a machine reads it: <a href="/openapi.json">/openapi.json</a>.</p>
<p>Each call needs <code>Authorization: Bearer pw_…</code> unless it is public. Errors are RFC 9457 problems.</p>
<p>Events, as webhooks get them: ${SCHEMA_PATHS.map(({ name, path }, i) => html`${i > 0 ? ', ' : ''}<a href="${path}"><code>${name}</code></a>`)}.</p>
${tags.map((tag) => html`<h2>${tag}</h2><dl>${calls.filter(({ call }) => call.tags?.includes(tag)).map(row)}</dl>`)}</body></html>`
}

interface Call {
  tags?: string[]
  summary?: string
  parameters?: { name: string; description?: string }[]
  requestBody?: { content?: Record<string, { schema?: unknown }> }
}

const row = ({ path, method, call }: { path: string; method: string; call: Call }) => {
  const body = call.requestBody?.content?.['application/json']?.schema
  const parameters = (call.parameters ?? [])
    .map(({ name, description }) => `${name}${description ? ` (${description})` : ''}`)
    .join(', ')
  return html`<dt><code>${method} ${path}</code></dt><dd>${call.summary ?? ''}${parameters ? html`<br>Parameters: ${parameters}` : ''}${body ? html`<details><summary>Body</summary><pre>${JSON.stringify(body, null, 1)}</pre></details>` : ''}</dd>`
}

/** No script, no frame, no outside asset. */
export const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}
