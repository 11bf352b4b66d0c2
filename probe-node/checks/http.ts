import { LIMITS } from '../../schema/wire.ts'
import type { Check, Touched, TouchOptions } from './check.ts'
import { converse, exchange, identityOf, touchedBy } from './exchange.ts'
import { secureConnection } from './tls.ts'

/** What the Host header names. */
export function authorityOf(options: TouchOptions): string {
  const host = options.name ?? (options.family === 6 ? `[${options.address}]` : options.address)
  const isUsual = options.port === 80 || options.port === 443
  return isUsual ? host : `${host}:${options.port}`
}

/** One plain request, as a careful client writes it. `target` is the path with query. */
export function requestText(
  method: string,
  options: TouchOptions,
  target: string,
  more: readonly string[] = [],
): string {
  const authority = authorityOf(options)
  return [
    `${method} ${target} HTTP/1.1`,
    `Host: ${authority}`,
    `User-Agent: ${options.userAgent}`,
    'Accept: */*',
    ...(options.knock?.(authority) ?? []),
    ...more,
    'Connection: close',
    '',
    '',
  ].join('\r\n')
}

export const headComplete = (bytes: Buffer): boolean =>
  bytes.includes('\r\n\r\n') || (bytes.length >= 8 && !bytes.subarray(0, 5).equals(Buffer.from('HTTP/')))

/**
 * Headers that a service sends with every answer to the same request, or with none: a page of somebody before it lacks some
 * and has others. Those of caches, sessions and single requests are left out. With the value where that names the sender.
 */
const STEADY: Readonly<Record<string, 'named' | 'valued'>> = {
  server: 'valued',
  'x-powered-by': 'valued',
  'content-type': 'valued',
  'accept-ranges': 'named',
  'content-security-policy': 'named',
  etag: 'named',
  'last-modified': 'named',
  link: 'named',
  'permissions-policy': 'named',
  'referrer-policy': 'named',
  'strict-transport-security': 'named',
  'x-content-type-options': 'named',
  'x-frame-options': 'named',
}

/** The steady headers of an answer as lines, in their order by name. */
function steadyHead(text: string): string[] {
  const lines = (text.split('\r\n\r\n')[0] ?? '').split('\r\n').slice(1)
  return lines
    .flatMap((line) => {
      const [, name = '', value = ''] = /^([^:]+):[ \t]*([^;]*)/.exec(line) ?? []
      const kind = STEADY[name.toLowerCase()]
      return kind ? [kind === 'named' ? name.toLowerCase() : `${name.toLowerCase()}: ${value.trim().slice(0, 80)}`] : []
    })
    .sort()
}

/** What the head of an answer says: status, what names the server, and whether it calls itself a block or challenge. */
export function readHead(bytes: Uint8Array): Pick<Touched, 'httpStatus' | 'identity' | 'mitigated' | 'head'> {
  const text = Buffer.from(bytes).toString('latin1')
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})/.exec(text)?.[1]
  if (!status || Number(status) < 100) return {}
  const server = /^server:[ \t]*(.+?)[ \t]*$/im.exec(text)?.[1]
  return {
    httpStatus: Number(status),
    head: steadyHead(text),
    ...(server ? { identity: identityOf(server) } : {}),
    // https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/
    ...(/^(cf-mitigated|x-sucuri-block):/im.test(text) ? { mitigated: true } : {}),
  }
}

/** The head is compared between answers to one and the same request. */
const withHead = (touched: Touched, bytes: Uint8Array, { method, path }: TouchOptions): Touched => {
  const { head, ...said } = readHead(bytes)
  return { ...touched, ...said, ...(head && !method && !path ? { head } : {}) }
}

/** One HEAD request (a GET in E8); open when anything is answered. Whether the answer is a block page is decided against the baseline. */
export const http: Check = async (options) => {
  const seen = await exchange(options, {
    send: requestText(options.method ?? 'HEAD', options, options.path ?? '/'),
    enough: headComplete,
  })
  return withHead(await touchedBy('http', options, seen), seen.bytes, options)
}

/** The same behind TLS. The certificate is the identity, as a proxy in front may change the Server header at will. */
export const https: Check = async (options) => {
  const secured = await secureConnection(options)
  if ('touched' in secured) return { ...secured.touched, check: 'https' }
  const { socket, connectMs, afterMs, identity } = secured
  const seen = await converse(socket, {
    send: requestText(options.method ?? 'HEAD', options, options.path ?? '/'),
    enough: headComplete,
    waitMs: options.timeoutMs,
  })
  const touched = await touchedBy('https', options, { ...seen, connectMs, afterMs: afterMs + seen.afterMs })
  const { firstBytes, ...rest } = withHead(touched, seen.bytes, options)
  return {
    ...rest,
    ...(firstBytes ? { firstBytes: firstBytes.subarray(0, LIMITS.firstBytes) } : {}),
    ...(identity ? { identity } : {}),
  }
}
