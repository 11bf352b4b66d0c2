import { type SecureVersion, connect as secure, type TLSSocket } from 'node:tls'
import { codeOf, sightOf } from '../fault.ts'
import type { Check, Touched, TouchOptions } from './check.ts'
import { afterPoll, dial, identityOf, touchedBy } from './exchange.ts'

/** A handshake that stands, or what was seen instead. The caller destroys the socket. */
export type Secured =
  | { socket: TLSSocket; connectMs: number; afterMs: number; identity?: string }
  | { touched: Touched }

export interface TlsVersions {
  minVersion?: SecureVersion
  maxVersion?: SecureVersion
}

/**
 * One TLS hello. Certificates are not judged: whose service it is, is not our question.
 * An alert, or bytes that are not TLS, is an answer all the same: `open`, with OpenSSL's code beside it.
 */
export async function secureConnection(options: TouchOptions, versions: TlsVersions = {}): Promise<Secured> {
  const dialled = await dial(options)
  if (!('socket' in dialled)) {
    const { code, syscall, afterMs } = dialled
    const seen = {
      afterMs,
      end: 'handshake' as const,
      bytes: Buffer.alloc(0),
      ...(code ? { code, ...(syscall ? { syscall } : {}) } : {}),
    }
    return { touched: await touchedBy('tls', options, seen) }
  }
  const { socket: plain, connectMs } = dialled
  return new Promise((resolve) => {
    const started = performance.now()
    const afterMs = () => connectMs + Math.round(performance.now() - started)
    const socket = secure({
      socket: plain,
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
      ...(options.name ? { servername: options.name } : {}),
      ...versions,
    })
    let over = false
    const end = (secured: Secured) => {
      if (over) return
      over = true
      clearTimeout(timer)
      if (!('socket' in secured)) {
        socket.destroy()
        plain.destroy()
      }
      resolve(secured)
    }
    const lost = (touched: Pick<Touched, 'sight' | 'code' | 'syscall'>) =>
      end({ touched: { check: 'tls', connectMs, afterMs: afterMs(), ...touched } })
    const timer = setTimeout(
      () => afterPoll(() => lost({ sight: plain.bytesRead > 0 ? 'open' : 'mute', code: 'TLS_TIMEOUT' })),
      options.timeoutMs,
    )
    const onError = (error: unknown) => {
      const { code, syscall } = codeOf(error)
      const came = plain.bytesRead > 0
      const sight = came && code !== 'ECONNRESET' ? 'open' : code.startsWith('ERR_SSL') ? 'open' : sightOf(code)
      lost({ sight, code, ...(syscall ? { syscall } : {}) })
    }
    socket.on('error', onError)
    plain.on('error', onError)
    socket.once('close', () => lost({ sight: plain.bytesRead > 0 ? 'open' : 'cut' }))
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate()
      end({ socket, connectMs, afterMs: afterMs(), ...(certificate ? { identity: identityOf(certificate.raw) } : {}) })
    })
  })
}

/** Expects the server to answer a TLS hello. */
export const tls: Check = async (options) => {
  const secured = await secureConnection(options)
  if ('touched' in secured) return secured.touched
  const { socket, connectMs, afterMs, identity } = secured
  socket.destroy()
  return { check: 'tls', sight: 'open', connectMs, afterMs, ...(identity ? { identity } : {}) }
}
