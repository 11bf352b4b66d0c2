import { Agent, type OutgoingHttpHeaders, request } from 'node:http'

/** How a request is sent and its answer read whole. */
export type Call = (path: string, method: string, headers: OutgoingHttpHeaders, body: Uint8Array) => Promise<Response>

/** Connections are kept, but not for as long as workerd keeps an idle one (5 s): none is sent into that is just closing. */
export function caller(base: string, options: { keepAlive?: boolean; localAddress?: string } = {}): Call {
  const agent = options.keepAlive === false ? false : new Agent({ keepAlive: true, timeout: 4_000, maxSockets: 64 })
  const { localAddress } = options
  const send = (of: Agent | false, ...[path, method, headers, body]: Parameters<Call>): Promise<Response> =>
    new Promise((resolve, reject) => {
      const call = request(`${base}${path}`, {
        agent: of,
        method,
        headers: { ...headers, ...(body.length > 0 ? { 'content-length': body.length } : {}) },
        ...(localAddress ? { localAddress } : {}),
      })
      call.on('error', (error) => {
        // A kept connection that the other side had just closed took nothing in: another will do.
        if (of !== false && call.reusedSocket) send(false, path, method, headers, body).then(resolve, reject)
        // Who refuses a body unread may cut it off: the answer comes all the same, most of the time.
        else setTimeout(reject, 100, error)
      })
      call.on('response', (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          const status = answer.statusCode ?? 502
          const text = Buffer.concat(chunks)
          const names = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, `${value}`])
          resolve(new Response([101, 204, 205, 304].includes(status) ? null : text, { status, headers: names }))
        })
      })
      call.end(body)
    })
  return (...wanted) => send(agent, ...wanted)
}
