/** Names to addresses and records: the only place where name servers are asked. */
import { type Address, parseAddress } from '../schema/address.ts'
import { LIMITS } from '../schema/wire.ts'
import { Failure } from './failure.ts'

/** A name to its addresses, canonical, v4 first, at most LIMITS.addressesPerScan. */
export type Resolve = (name: string) => Promise<readonly Address[]>
/** The texts of a name's records: none when it has none. Throws `name_not_resolved` when nobody answers. */
export type Records = (name: string, type: 'TXT' | 'PTR') => Promise<readonly string[]>

const TIMEOUT_MS = 5_000
const ANSWER_BYTES = 64 * 1024
const MOST_RECORDS = 64
/** Of one record. */
const RECORD_CHARACTERS = 1_000
const DOH = 'https://cloudflare-dns.com/dns-query'
/** Numbers of record types (RFC 1035, RFC 3596). */
const TYPE = { A: 1, AAAA: 28, PTR: 12, TXT: 16 } as const
/** Response codes that are an answer: there are such records or none, or no such name. */
const ANSWERED: readonly unknown[] = [0, 3]

/** The embedded host's resolver when it is bound, else DNS over HTTPS. */
export const resolverOf = (service: Fetcher | undefined): Resolve => {
  const ask = service ? (name: string) => addressesFrom(service, name) : addressesOverHttps
  return async (name) => {
    const texts = await answered(ask(name))
    // What a name server says is as foreign as what a target says: it is read by our own parser or not at all.
    const found = texts.flatMap((text) => parseAddress(text) ?? [])
    const addresses = [...new Map(found.map((address) => [address.text, address])).values()]
    if (addresses.length === 0) throw new Failure('name_not_resolved', 'The name has no address.')
    return addresses.sort((a, b) => a.family - b.family).slice(0, LIMITS.addressesPerScan)
  }
}

/** The same for other records. */
export const recordsOf = (service: Fetcher | undefined): Records => {
  const ask = service ? (name: string, type: 'TXT' | 'PTR') => recordsFrom(service, name, type) : recordsOverHttps
  return async (name, type) =>
    (await answered(ask(name, type))).slice(0, MOST_RECORDS).map((text) => text.slice(0, RECORD_CHARACTERS))
}

const answered = <T>(asked: Promise<T>): Promise<T> =>
  asked.catch(() => {
    throw new Failure('name_not_resolved', 'The name servers did not answer. Try again.')
  })

const addressesFrom = async (service: Fetcher, name: string): Promise<string[]> =>
  textsIn(await fromService(service, new URLSearchParams({ name })), 'addresses')

const recordsFrom = async (service: Fetcher, name: string, type: string): Promise<string[]> =>
  textsIn(await fromService(service, new URLSearchParams({ name, type })), 'records')

async function fromService(service: Fetcher, query: URLSearchParams): Promise<unknown> {
  const answer = await service.fetch(`http://resolver/?${query}`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  return bounded(answer)
}

const textsIn = (body: unknown, field: 'addresses' | 'records'): string[] => {
  const list = (body as Record<string, unknown>)[field]
  return Array.isArray(list) ? list.slice(0, MOST_RECORDS).map(String) : []
}

async function addressesOverHttps(name: string): Promise<string[]> {
  const answers = await Promise.all([overHttps(name, 'A'), overHttps(name, 'AAAA')])
  return answers.flat().slice(0, MOST_RECORDS)
}

async function recordsOverHttps(name: string, type: 'TXT' | 'PTR'): Promise<string[]> {
  const texts = await overHttps(name, type)
  return type === 'TXT' ? texts.map(unquoted) : texts
}

/** The JSON form of DNS over HTTPS: `Status`, and `Answer: [{ type, data }]` where there is one. */
async function overHttps(name: string, type: keyof typeof TYPE): Promise<string[]> {
  const url = `${DOH}?name=${encodeURIComponent(name)}&type=${TYPE[type]}`
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const answer = await fetch(url, { headers: { accept: 'application/dns-json' }, redirect: 'manual', signal })
  const { Answer, Status } = (await bounded(answer)) as {
    Answer?: { type: number; data: string }[]
    Status?: unknown
  }
  if (Status !== undefined && !ANSWERED.includes(Status)) throw new Error('no answer')
  return (Array.isArray(Answer) ? Answer : []).filter((row) => row.type === TYPE[type]).map((row) => String(row.data))
}

/** A TXT record comes as its strings, each in quotes with `\` before quotes: together they are the text. */
export function unquoted(data: string): string {
  const strings = [...data.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, text = '']) => text.replace(/\\(.)/gs, '$1'))
  return strings.length > 0 ? strings.join('') : data
}

async function bounded(answer: Response): Promise<unknown> {
  if (!answer.ok) throw new Error(`resolver answered ${answer.status}`)
  const text = await answer.text()
  if (text.length > ANSWER_BYTES) throw new Error('resolver answered too much')
  return JSON.parse(text)
}
