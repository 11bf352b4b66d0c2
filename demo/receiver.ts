/** A receiver on this machine that takes whatever comes, as its platform would answer. */
import { createServer } from 'node:http'

export interface Arrival {
  at: number
  path: string
  headers: Record<string, string>
  body: string
}

export interface Receiver {
  url: string
  arrivals: readonly Arrival[]
  close(): void
}

export async function openReceiver(): Promise<Receiver> {
  const arrivals: Arrival[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
      const path = request.url ?? '/'
      arrivals.push({ at: Date.now(), path, headers, body: Buffer.concat(chunks).toString('utf8') })
      // Slack says `ok`; Discord the message that it made.
      response.end(path.startsWith('/api/webhooks') ? JSON.stringify({ id: `${arrivals.length}` }) : 'ok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    arrivals,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
