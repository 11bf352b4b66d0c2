import { promises as dns } from 'node:dns'
import { Response } from 'miniflare'

const TIMEOUT_MS = 3_000

/**
 * The Worker's resolver on one machine. `GET http://resolver/?name=…` answers `{ addresses: string[] }`, v4 first; with
 * `&type=TXT` or `PTR` it answers `{ records: string[] }`. `server` is an address with an optional port; without it the
 * system's servers are asked. A name that does not exist answers an empty list; a server that does not answer is 502.
 */
export function makeResolver(server: string | null): (request: { url: string }) => Promise<Response> {
  const resolver = new dns.Resolver({ timeout: TIMEOUT_MS, tries: 2 })
  if (server) resolver.setServers([server])
  const ask: Record<string, (name: string) => Promise<string[]>> = {
    TXT: async (name) => (await resolver.resolveTxt(name)).map((strings) => strings.join('')),
    PTR: (name) => resolver.resolvePtr(name),
  }
  return async (request) => {
    const { searchParams } = new URL(request.url)
    const name = searchParams.get('name') ?? ''
    const type = searchParams.get('type')
    if (name === '' || name.length > 253) return Response.json({ addresses: [] }, { status: 400 })
    if (type === null) return addressesOf(resolver, name)
    const records = ask[type]
    if (!records) return Response.json({ records: [] }, { status: 400 })
    return records(name).then(
      (list) => Response.json({ records: list }),
      (error) => Response.json({ records: [] }, { status: isNoAnswer(error) ? 200 : 502 }),
    )
  }
}

async function addressesOf(resolver: dns.Resolver, name: string): Promise<Response> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const addresses = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const failed = [v4, v6].find((answer) => answer.status === 'rejected' && !isNoAnswer(answer.reason))
  if (addresses.length === 0 && failed) return Response.json({ addresses }, { status: 502 })
  return Response.json({ addresses })
}

/** The name server answered, and the answer is "nothing". */
const isNoAnswer = (error: { code?: string }): boolean => error.code === 'ENOTFOUND' || error.code === 'ENODATA'
