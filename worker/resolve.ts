import { type Address, parseAddress } from '../schema/address.ts'
import { LIMITS } from '../schema/wire.ts'
import { Failure } from './failure.ts'

/** A name to its addresses, canonical, v4 first, at most LIMITS.addressesPerScan. The only place where names are resolved. */
export type Resolve = (name: string) => Promise<readonly Address[]>

const TIMEOUT_MS = 5_000
const ANSWER_BYTES = 64 * 1024
const DOH = 'https://cloudflare-dns.com/dns-query'
const A = 1
const AAAA = 28

/** The embedded host's resolver when it is bound, else DNS over HTTPS. */
export const resolverOf = (service: Fetcher | undefined): Resolve => {
  const ask = service ? (name: string) => fromService(service, name) : fromDnsOverHttps
  return async (name) => {
    const texts = await ask(name).catch(() => {
      throw new Failure('name_not_resolved', 'The name servers did not answer. Try again.')
    })
    // What a name server says is as foreign as what a target says: it is read by our own parser or not at all.
    const found = texts.flatMap((text) => parseAddress(text) ?? [])
    const addresses = [...new Map(found.map((address) => [address.text, address])).values()]
    if (addresses.length === 0) throw new Failure('name_not_resolved', 'The name has no address.')
    return addresses.sort((a, b) => a.family - b.family).slice(0, LIMITS.addressesPerScan)
  }
}

async function fromService(service: Fetcher, name: string): Promise<string[]> {
  const answer = await service.fetch(`http://resolver/?name=${encodeURIComponent(name)}`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const { addresses } = (await bounded(answer)) as { addresses?: unknown }
  return Array.isArray(addresses) ? addresses.slice(0, 64).map(String) : []
}

/** RFC 8484 servers' JSON form: `Answer: [{ type, data }]`. */
async function fromDnsOverHttps(name: string): Promise<string[]> {
  const answers = await Promise.all(
    [A, AAAA].map(async (type) => {
      const url = `${DOH}?name=${encodeURIComponent(name)}&type=${type}`
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const answer = await fetch(url, { headers: { accept: 'application/dns-json' }, redirect: 'manual', signal })
      const { Answer } = (await bounded(answer)) as { Answer?: { type: number; data: string }[] }
      return (Array.isArray(Answer) ? Answer : []).filter((row) => row.type === type).map((row) => String(row.data))
    }),
  )
  return answers.flat().slice(0, 64)
}

async function bounded(answer: Response): Promise<unknown> {
  if (!answer.ok) throw new Error(`resolver answered ${answer.status}`)
  const text = await answer.text()
  if (text.length > ANSWER_BYTES) throw new Error('resolver answered too much')
  return JSON.parse(text)
}
