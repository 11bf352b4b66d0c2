/** The scanner's first touch of a new open port: what speaks there, and how it is to be touched from now on. */
import { checkOf, firstCheck, identify, isRationed, looksLikeNotice, overTls } from '../../schema/service.ts'
import type { TouchTarget } from '../../schema/wire.ts'
import type { Service } from '../../schema/words.ts'
import type { Touched, TouchOptions } from '../checks/check.ts'
import { converse, exchange, touchedBy } from '../checks/exchange.ts'
import { greetingIdentity } from '../checks/greeting.ts'
import { headComplete, http, readHead, requestText } from '../checks/http.ts'
import { secureConnection } from '../checks/tls.ts'

export interface Identified {
  service: Service
  touched: Touched
}

/** Services known by their port that count connections, or take a client that speaks first for a spammer. */
const LISTENS_FIRST = new Set([21, 22, 25, 26, 110, 143, 220, 587, 2222, 2525])
/** Postscreen and other greet delays are up to 6 s. */
const GREETING_MS = 8_000
const BRIEF_MS = 1_500
const NOTHING = new Uint8Array()

/**
 * Touches the port until something is told, at most three connections. `patienceMs` is how long silence is waited for
 * on ports of which nothing is known; with `brief` only a greeting is waited for there.
 */
export async function identifyPort(options: TouchOptions, patienceMs: number, brief: boolean): Promise<Identified> {
  const { port } = options
  if (LISTENS_FIRST.has(port)) return listenOnly(options)
  const prior = firstCheck(port)
  // Where the port promises a web or TLS server, a slow one is worth waiting for.
  const likelyMs = brief ? Math.min(BRIEF_MS, options.timeoutMs) : options.timeoutMs
  if (prior === 'http') {
    const touched = await http({ ...options, timeoutMs: likelyMs })
    if (touched.firstBytes) return told(options, touched)
    if (touched.sight !== 'mute') return { service: 'unknown', touched }
  }
  if (prior === 'https' || prior === 'tls') {
    const inside = await trySecure({ ...options, timeoutMs: likelyMs })
    if (inside) return inside
  }
  const asked = brief ? {} : { sendAfter: { ms: patienceMs, bytes: requestText('HEAD', options, '/') } }
  const seen = await exchange(options, {
    ...asked,
    waitMs: brief ? patienceMs : 2 * patienceMs,
    enough: (bytes) => (bytes.subarray(0, 5).equals(Buffer.from('HTTP/')) ? headComplete(bytes) : bytes.includes(10)),
  })
  const touched = await touchedBy('tcp', options, seen)
  // Many TLS servers answer a plain line with an alert, or hang up on it.
  const lasted =
    touched.sight === 'mute' || (touched.sight === 'cut' && seen.afterMs - (seen.connectMs ?? 0) >= patienceMs)
  const isTls =
    touched.firstBytes !== undefined && ['tls', 'https'].includes(checkOf(identify(touched.firstBytes, port)))
  if ((lasted || isTls) && !brief && prior !== 'https' && prior !== 'tls') {
    const inside = await trySecure({ ...options, timeoutMs: 2 * patienceMs })
    if (inside) return inside
  }
  if (touched.firstBytes) return told(options, touched)
  if (!lasted) return { service: 'unknown', touched }
  // Accepts and says nothing, or nothing that we understand: all that can be expected of it from now on.
  const { code: _, syscall: __, ...plain } = touched
  return { service: brief ? 'unknown' : 'silent', touched: { ...plain, sight: 'open' } }
}

async function listenOnly(options: TouchOptions): Promise<Identified> {
  const seen = await exchange(options, { waitMs: GREETING_MS, enough: (bytes) => bytes.includes(10) })
  const touched = await touchedBy('greeting', options, seen)
  if (touched.firstBytes) return told(options, touched)
  return touched.sight === 'mute'
    ? { service: 'silent', touched: { ...touched, check: 'tcp', sight: 'open' } }
    : { service: 'unknown', touched }
}

/** The first bytes name the service; the identity is the one that its check will give from now on. */
function told(options: TouchOptions, touched: Touched): Identified {
  const bytes = touched.firstBytes ?? NOTHING
  const service = identify(bytes, options.port)
  const check = checkOf(service)
  const { identity: _, ...plain } = touched
  if (check === 'http') return { service, touched: { ...plain, check, ...readHead(bytes) } }
  if (check !== 'greeting') return { service, touched: { ...plain, check } }
  const isNotice = looksLikeNotice(service, bytes)
  return {
    service,
    touched: { ...plain, check, ...(isNotice ? { sight: 'notice' as const } : { identity: greetingIdentity(bytes) }) },
  }
}

/** Null when no TLS is spoken there. */
async function trySecure(options: TouchOptions): Promise<Identified | null> {
  const secured = await secureConnection(options)
  if ('touched' in secured) {
    const { touched } = secured
    // An alert is TLS as well: a client certificate is wanted, or no common version was found.
    const isTls =
      touched.sight === 'open' &&
      /^ERR_SSL_(TLSV|SSLV3_ALERT|NO_PROTOCOLS|UNSUPPORTED_PROTOCOL)/.test(touched.code ?? '')
    return isTls ? { service: identify(Uint8Array.of(0x16, 3, 3), options.port), touched } : null
  }
  const { socket, connectMs, afterMs, identity } = secured
  const byPort = identify(Uint8Array.of(0x16, 3, 3), options.port)
  const base = { sight: 'open' as const, connectMs, afterMs, ...(identity ? { identity } : {}) }
  if (isRationed(byPort)) {
    socket.destroy()
    return { service: byPort, touched: { check: checkOf(byPort), ...base } }
  }
  const seen = await converse(socket, {
    send: requestText('HEAD', options, '/'),
    enough: headComplete,
    waitMs: options.timeoutMs,
  })
  const { httpStatus } = readHead(seen.bytes)
  const service = httpStatus ? overTls('http') : byPort === 'https' ? 'tls' : byPort
  const firstBytes = seen.bytes.length > 0 ? { firstBytes: new Uint8Array(seen.bytes.subarray(0, 512)) } : {}
  return {
    service,
    touched: { check: checkOf(service), ...base, ...(httpStatus ? { httpStatus, ...firstBytes } : {}) },
  }
}

export const targetOf = (address: string, port: number, service: Service): TouchTarget => ({
  address,
  port,
  service,
  check: checkOf(service),
})
