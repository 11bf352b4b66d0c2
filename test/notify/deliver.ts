/** Sends a request as it is, once: what a sender does without its patience. */
import { Agent, request as open } from 'node:http'
import type { Answer } from '../../worker/notify/answer.ts'
import type { Request } from '../../worker/notify/channel.ts'
import { signedHeaders } from '../../worker/notify/signing.ts'

/** Connections are kept: `fetch` would cost four times as much for the ten thousand messages of a test. */
const agent = new Agent({ keepAlive: true, maxSockets: 4 })

export async function deliver(
  id: string,
  request: Request,
  secrets: readonly string[],
  at = Date.now(),
): Promise<Answer> {
  const signed = request.isSigned ? await signedHeaders(id, at, request.body, secrets) : {}
  const body = Buffer.from(request.body)
  const headers = { ...request.headers, ...signed, 'content-length': String(body.length) }
  return new Promise((resolve, reject) => {
    open(request.url, { method: request.method, headers, agent }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      const named = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
      resolve({
        status: response.statusCode ?? 0,
        headers: Object.fromEntries(named),
        body: Buffer.concat(chunks).toString('utf8'),
      })
    })
      .on('error', reject)
      .end(body)
  })
}
