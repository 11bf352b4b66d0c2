import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A Worker that tells what it was told: enough to see what the embedded host does to requests, and nothing of ours. */
const SOURCE = `
import { DurableObject } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
export class Doorbell extends DurableObject {}
let ticks = []
const encode = (text) => new TextEncoder().encode(text)
export default {
  async scheduled(event) { ticks.push(event.scheduledTime) },
  async fetch(request, env) {
    const url = new URL(request.url)
    if (url.pathname === '/bell') {
      const [client, server] = Object.values(new WebSocketPair())
      server.accept()
      server.addEventListener('message', (event) => server.send('heard ' + event.data))
      return new Response(null, { status: 101, webSocket: client })
    }
    if (url.pathname === '/stream') {
      const { readable, writable } = new TransformStream()
      const writer = writable.getWriter()
      ;(async () => {
        await writer.write(encode('data: one\\n\\n'))
        await scheduler.wait(1500)
        await writer.write(encode('data: two\\n\\n'))
        await writer.close()
      })()
      return new Response(readable, { headers: { 'content-type': 'text/event-stream' } })
    }
    if (url.pathname === '/digest') {
      const hash = createHash('sha256')
      for await (const chunk of request.body) hash.update(chunk)
      return new Response(hash.digest('hex'))
    }
    if (url.pathname === '/write') {
      await env.DB.prepare('INSERT INTO notes (text) VALUES (?)').bind(url.searchParams.get('text')).run()
      await env.RAW.put('note', url.searchParams.get('text'))
      return new Response('ok')
    }
    if (url.pathname === '/read') {
      const { results } = await env.DB.prepare('SELECT text FROM notes').all()
      const migrations = (await env.DB.prepare('SELECT name FROM d1_migrations').all()).results.map((row) => row.name)
      return Response.json({ notes: results.map((row) => row.text), raw: await (await env.RAW.get('note'))?.text(), migrations, ticks })
    }
    if (url.pathname === '/resolve') return env.RESOLVER.fetch('http://resolver/?name=' + url.searchParams.get('name'))
    return Response.json({ method: request.method, path: url.pathname + url.search, headers: Object.fromEntries(request.headers) })
  },
}
`

/** A folder laid out like the repository, as far as the embedded host reads it. */
export async function echoRoot(): Promise<{ root: string; [Symbol.asyncDispose](): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'portwitness-echo-'))
  await mkdir(join(root, 'worker'))
  await mkdir(join(root, 'schema/migrations'), { recursive: true })
  await writeFile(join(root, 'worker/index.ts'), SOURCE)
  await writeFile(
    join(root, 'schema/migrations/0000_first.sql'),
    'CREATE TABLE notes (text TEXT);\n--> statement-breakpoint\nCREATE INDEX notes_by_text ON notes (text);\n',
  )
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) }
}
