import { promises as dns, type LookupAddress } from 'node:dns'
import { type IncomingMessage, request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { Response } from 'miniflare'
import { isPublic, parseAddress, refusal } from '../../schema/address.ts'

const LIMIT_MS = 15_000
const DNS_MS = 3_000
const MAX_BYTES = 64 * 1024
/** Says why there is no answer. No receiver can set it: its own is dropped. */
const FAULT = 'x-portwitness-fault'
/** Of the runtime, or of the connection: not for the receiver. */
const NOT_PASSED = /^(cf-|mf-|host$|connection$|content-length$|transfer-encoding$|accept-encoding$)/

interface Asked {
  url: string
  method: string
  headers: Iterable<[string, string]>
  arrayBuffer(): Promise<ArrayBuffer>
}

/**
 * The way out of an embedded Worker's notices. Between the Worker's look at a name and the connection, the name may come
 * to lead elsewhere: here it is resolved once, each address is looked at, and no other is connected to.
 */
export function makeEgress(options: {
  dnsServer: string | null
  allowLocal: boolean
}): (asked: Asked) => Promise<Response> {
  const resolver = new dns.Resolver({ timeout: DNS_MS, tries: 2 })
  if (options.dnsServer) resolver.setServers([options.dnsServer])

  const mayReach = (text: string): boolean => {
    const address = parseAddress(text)
    return (
      address !== null &&
      (isPublic(address) || (options.allowLocal && refusal(address, { allowPrivate: true }) === null))
    )
  }
  async function addressesOf(name: string): Promise<LookupAddress[]> {
    if (options.allowLocal && name === 'localhost') return [{ address: '127.0.0.1', family: 4 }]
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    return [
      ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
      ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
    ]
  }
  const lookup: LookupFunction = (name, { all }, done) => {
    addressesOf(name).then(
      (found) => {
        const [first] = found
        if (!first) return done(new Error('its name could not be resolved'), '', 0)
        if (!found.every(({ address }) => mayReach(address))) return done(new Error(INSIDE), '', 0)
        if (all) done(null, found)
        else done(null, first.address, first.family)
      },
      () => done(new Error('its name could not be resolved'), '', 0),
    )
  }

  return async (asked) => {
    const url = new URL(asked.url)
    const literal = url.hostname.replace(/^\[|\]$/g, '')
    if (parseAddress(literal) && !mayReach(literal)) return fault(INSIDE)
    const body = Buffer.from(await asked.arrayBuffer())
    const headers = Object.fromEntries([...asked.headers].filter(([name]) => !NOT_PASSED.test(name)))
    const signal = AbortSignal.timeout(LIMIT_MS)
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const send = url.protocol === 'https:' ? overHttps : overHttp
        send(url, { method: asked.method, headers, lookup, signal, agent: false })
          .on('response', resolve)
          .on('error', reject)
          .end(body)
      })
      return await passedOn(answer)
    } catch (error) {
      if (signal.aborted) return fault(`no answer within ${LIMIT_MS / 1_000} s`)
      const { message } = error as Error
      return fault(/^its name /.test(message) ? message : 'the connection failed')
    }
  }
}

const INSIDE = 'its name leads to a private or special address'
const fault = (why: string): Response => new Response(null, { status: 502, headers: { [FAULT]: why } })

/** As much of the body as anybody looks at; one that breaks off still had a beginning. */
async function passedOn(answer: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= MAX_BYTES) break
    }
  } catch {
    // What came so far is what there is.
  }
  answer.destroy()
  const dropped = /^(connection|content-length|transfer-encoding|content-encoding|set-cookie|x-portwitness-fault)$/
  const headers = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
    dropped.test(name) || value === undefined ? [] : [[name, String(value)]],
  )
  const status = answer.statusCode ?? 502
  const isEmpty = status === 204 || status === 205 || status === 304
  return new Response(isEmpty ? null : Buffer.concat(chunks).subarray(0, MAX_BYTES), { status, headers })
}
