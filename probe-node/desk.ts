/**
 * The only file that talks to the Worker. Every request is signed; what is lost on the way is sent again with the
 * same body until it is answered, so a report is counted once however often it travels.
 */
import * as v from 'valibot'
import { RotateAnswer, type RotateRequest } from '../schema/rotation.ts'
import { SKEW_MS } from '../schema/signed.ts'
import { AGENT } from '../schema/version.ts'
import {
  AlarmAnswer,
  type AlarmRequest,
  EnrolAnswer,
  LeaseAnswer,
  type LeaseRequest,
  RenewAnswer,
  type RenewRequest,
  ResultAnswer,
  type ResultRequest,
  WIRE_VERSION,
} from '../schema/wire.ts'
import { type Clock, rest } from './clock.ts'
import { httpFor } from './http.ts'
import type { Identity } from './identity.ts'
import type { Log } from './log.ts'
import { type Posted, post } from './post.ts'
import { signatureHeaders } from './signature.ts'

/** `gone`: the run is no longer ours. `refused`: the Worker does not know us, or we are too old; `unreachable`: not answered in time. */
export type Asked<T> =
  | {
      ok: true
      answer: T
      /** when the try that was answered began (performance.now()) */
      askedAt: number
    }
  | {
      ok: false
      why: 'gone' | 'refused' | 'bad' | 'unreachable'
      detail: string
      /** the Worker's own words, where it answered */
      refusal?: { code: string; said: string }
    }

export interface Desk {
  enrol(body: { token: string; sourceAddress: string; allowPrivate: boolean }): Promise<Asked<EnrolAnswer>>
  lease(body: Omit<LeaseRequest, 'wire'>): Promise<Asked<LeaseAnswer>>
  renew(body: RenewRequest, until: Until): Promise<Asked<RenewAnswer>>
  alarm(body: AlarmRequest, until: Until): Promise<Asked<v.InferOutput<typeof AlarmAnswer>>>
  result(body: ResultRequest, until: Until): Promise<Asked<v.InferOutput<typeof ResultAnswer>>>
  rotate(body: Omit<RotateRequest, 'wire'>): Promise<Asked<RotateAnswer>>
  become(identity: Identity): void
  /** For the doorbell: where it is, and who asks. */
  doorbell(): { url: URL; headers: Record<string, string>; localAddress: string | null }
  close(): void
}

/** Goes on trying for `ms`, or until the signal aborts. */
export interface Until {
  ms: number
  signal: AbortSignal
  /** between two tries at most so long, whatever is asked of us */
  mostPauseMs?: () => number
}

export interface DeskOptions {
  url: string
  identity: Identity
  clock: Clock
  localAddress: string | null
  log: Log
}

const ANSWER_MS = 15_000
/** Full jitter over a doubling bound: many probes that lost the Worker together must not come back together. */
const FIRST_BACKOFF_MS = 250
const LAST_BACKOFF_MS = 30_000

export function openDesk({ url, clock, localAddress, log, ...options }: DeskOptions): Desk {
  const base = new URL(url.endsWith('/') ? url : `${url}/`)
  const isSecure = base.protocol === 'https:'
  const agent = new (httpFor(base).Agent)({ keepAlive: true, maxSockets: 12, timeout: 60_000 })
  let identity = options.identity

  const at = (path: string) => new URL(`probe/v1/${path}`, base)

  async function once(path: string, body: string, signal: AbortSignal): Promise<Posted> {
    const target = at(path)
    const headers = path === 'enrol' ? {} : signatureHeaders(identity, clock, 'POST', target.pathname, body)
    const posted = await post({
      url: target,
      body,
      headers,
      localAddress,
      agent,
      timeoutMs: ANSWER_MS,
      signal,
    })
    if (posted.status > 0 && 'body' in posted) {
      const now = (posted.body as { now?: unknown } | null)?.now
      if (typeof now === 'number' && Number.isSafeInteger(now)) clock.learn(now, posted.roundTripMs)
      // A clock too far off for the signature: the Date header says by how much, to the second.
      else if (
        posted.status === 401 &&
        posted.headers.dateMs !== null &&
        Math.abs(posted.headers.dateMs - clock.now()) > SKEW_MS / 2
      )
        clock.learn(posted.headers.dateMs, posted.roundTripMs)
    }
    return posted
  }

  async function ask<T extends v.GenericSchema>(
    path: string,
    body: object,
    shape: T,
    until: Until,
  ): Promise<Asked<v.InferOutput<T>>> {
    const text = JSON.stringify(body)
    const started = performance.now()
    let last = 'not tried'
    for (let tries = 0; ; tries++) {
      const askedAt = performance.now()
      const posted = await once(path, text, until.signal)
      if ('code' in posted) last = posted.code
      else {
        const read = v.safeParse(shape, posted.body)
        if (posted.status === 200 && read.success) return { ok: true, answer: read.output, askedAt }
        last = `${posted.status} ${problemOf(posted.body)}`
        const verdict = finalAnswer(posted.status)
        const mayBeSkew = posted.status === 401 && tries === 0
        if (verdict && !mayBeSkew) {
          const refusal = { code: problemOf(posted.body), said: saidIn(posted.body) }
          // Who cannot enrol ends with the refusal as its error: nothing runs yet whose log would be read.
          if (path !== 'enrol') log('warn', `the Worker refused ${path}`, { status: posted.status, why: refusal.code })
          return { ok: false, why: verdict, detail: last, refusal }
        }
      }
      const bound = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** tries)
      const asked = 'headers' in posted ? posted.headers.retryAfterMs : null
      // A kept connection that the other side had closed fails at once; the first repeat need not wait.
      const wanted = asked ?? (tries === 0 ? 20 : Math.random() * bound)
      const pause = Math.min(wanted, until.mostPauseMs?.() ?? wanted)
      const isLate = performance.now() - started + pause > until.ms
      if (isLate || until.signal.aborted) return { ok: false, why: 'unreachable', detail: last }
      await rest(pause, until.signal)
    }
  }

  const never = new AbortController().signal
  return {
    enrol: (body) =>
      ask('enrol', { wire: WIRE_VERSION, publicKey: identity.publicKey, agent: AGENT, ...body }, EnrolAnswer, {
        ms: 20_000,
        signal: never,
      }),
    // A lease that is lost is simply asked for again by the loop, with what it holds by then.
    lease: (body) => ask('lease', { wire: WIRE_VERSION, ...body }, LeaseAnswer, { ms: 0, signal: never }),
    renew: (body, until) => ask('renew', body, RenewAnswer, until),
    alarm: (body, until) => ask('alarm', body, AlarmAnswer, until),
    result: (body, until) => ask('result', body, ResultAnswer, until),
    rotate: (body) => ask('rotate', { wire: WIRE_VERSION, ...body }, RotateAnswer, { ms: 20_000, signal: never }),
    become(next) {
      identity = next
    },
    doorbell() {
      const target = at('doorbell')
      const headers = signatureHeaders(identity, clock, 'GET', target.pathname, '')
      target.protocol = isSecure ? 'wss:' : 'ws:'
      return { url: target, headers, localAddress }
    },
    close: () => agent.destroy(),
  }
}

/** Answers that repeating cannot change; null for those that it can. */
function finalAnswer(status: number): 'gone' | 'refused' | 'bad' | null {
  if (status === 404 || status === 409 || status === 410) return 'gone'
  if (status === 401 || status === 403 || status === 426) return 'refused'
  if (status === 429 || status === 408) return null
  return status >= 400 && status < 500 ? 'bad' : null
}

const problemOf = (body: unknown): string => {
  const { code, title } = (body ?? {}) as { code?: unknown; title?: unknown }
  return String(code ?? title ?? '').slice(0, 80)
}

/** What a problem says to people; its code where it says nothing. */
const saidIn = (body: unknown): string => {
  const { detail } = (body ?? {}) as { detail?: unknown }
  return typeof detail === 'string' && detail !== '' ? detail.slice(0, 300) : problemOf(body)
}
