import type { Agent } from 'node:http'
import { LIMITS } from '../schema/wire.ts'
import { codeOf } from './fault.ts'
import { httpFor } from './http.ts'

/** One HTTP exchange with the Worker. Never rejects: a network that fails is an answer. */
export type Posted =
  | {
      status: number
      body: unknown
      headers: { retryAfterMs: number | null; dateMs: number | null }
      roundTripMs: number
    }
  | { status: 0; code: string }

export interface PostOptions {
  url: URL
  body: string
  headers: Record<string, string>
  /** the connection leaves from here: the Worker checks it */
  localAddress: string | null
  agent: Agent
  timeoutMs: number
  signal: AbortSignal
}

export const post = ({ url, body, headers, localAddress, agent, timeoutMs, signal }: PostOptions): Promise<Posted> =>
  new Promise((resolve) => {
    const started = performance.now()
    const fail = (code: string) => resolve({ status: 0, code })
    if (signal.aborted) return fail('ABORTED')
    const call = httpFor(url).request(url, {
      method: 'POST',
      agent,
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        accept: 'application/json',
        ...headers,
      },
      ...(localAddress ? { localAddress } : {}),
    })
    const timer = setTimeout(
      () => call.destroy(Object.assign(new Error('no answer in time'), { code: 'TIMEOUT' })),
      timeoutMs,
    )
    call.on('error', (error) => {
      clearTimeout(timer)
      fail(codeOf(error).code)
    })
    call.on('response', (answer) => {
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > LIMITS.bodyBytes)
          call.destroy(Object.assign(new Error('the answer is too large'), { code: 'TOO_LARGE' }))
        else chunks.push(chunk)
      })
      answer.on('error', (error) => fail(codeOf(error).code))
      answer.on('close', () => {
        clearTimeout(timer)
        if (!answer.complete) return fail('CUT_SHORT')
        resolve({
          status: answer.statusCode ?? 0,
          body: parsed(Buffer.concat(chunks)),
          headers: { retryAfterMs: retryAfter(answer.headers['retry-after']), dateMs: dateOf(answer.headers.date) },
          roundTripMs: performance.now() - started,
        })
      })
    })
    call.end(body)
  })

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return null
  }
}

/** Seconds or an HTTP date (RFC 9110 10.2.3); at most five minutes are honoured. */
function retryAfter(header: string | undefined): number | null {
  if (!header) return null
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, Math.min(ms, 300_000)) : null
}

const dateOf = (header: string | undefined): number | null => {
  const ms = Date.parse(header ?? '')
  return Number.isFinite(ms) ? ms : null
}
