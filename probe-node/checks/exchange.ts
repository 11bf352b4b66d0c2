import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { parseAddress } from '../../schema/address.ts'
import { LIMITS } from '../../schema/wire.ts'
import type { CheckName } from '../../schema/words.ts'
import { codeOf, maybeLocal, sightOf } from '../fault.ts'
import { LAPSED } from '../lease.ts'
import { routeTo } from '../source.ts'
import type { Touched, TouchOptions } from './check.ts'
import { noteOwn } from './own.ts'

type Dial = Pick<TouchOptions, 'address' | 'family' | 'port' | 'source' | 'timeoutMs' | 'turn'>

/** How a handshake ended: a connected socket, or an error, or (neither) our own timer. */
export type Dialled = { socket: Socket; connectMs: number } | { code: string | null; syscall?: string; afterMs: number }

const SELF_CONNECT_TRIES = 3

/** One handshake to an IP literal. On success the socket is paused, and the caller must destroy it. */
export async function dial(options: Dial): Promise<Dialled> {
  for (let left = SELF_CONNECT_TRIES; ; left--) {
    if ((await options.turn?.()) === false) return { code: LAPSED, afterMs: 0 }
    const dialled = await dialOnce(options)
    // On loopback the kernel may pick the very port we dial as our own: TCP then connects the socket to itself.
    if (!('socket' in dialled)) return dialled
    // A reset may be in before we look: the kernel then no longer knows the peer, and nothing was or will be sent.
    const isGone = dialled.socket.remoteAddress === undefined
    if (isGone) {
      dialled.socket.destroy()
      return { code: 'ECONNRESET', syscall: 'read', afterMs: dialled.connectMs }
    }
    const isOther = parseAddress(dialled.socket.remoteAddress ?? '')?.text !== parseAddress(options.address)?.text
    if (!isOther && !isSelf(dialled.socket)) return dialled
    dialled.socket.destroy()
    if (isOther) return { code: 'WRONG_PEER', afterMs: dialled.connectMs }
    if (left === 1) return { code: 'ECONNREFUSED', syscall: 'connect', afterMs: dialled.connectMs }
  }
}

const isSelf = (socket: Socket) =>
  socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress

const dialOnce = ({ address, family, port, source, timeoutMs }: Dial): Promise<Dialled> =>
  new Promise((resolve) => {
    const started = performance.now()
    const since = () => Math.round(performance.now() - started)
    const socket = connect({
      host: address,
      family,
      port,
      autoSelectFamily: false,
      ...(source ? { localAddress: source } : {}),
    })
    socket.pause()
    const timer = setTimeout(() => afterPoll(() => end({ code: null, afterMs: since() })), timeoutMs)
    let over = false
    const end = (dialled: Dialled) => {
      if (over) return
      over = true
      clearTimeout(timer)
      if ('socket' in dialled) socket.removeListener('error', onError)
      else socket.destroy()
      resolve(dialled)
    }
    const onError = (error: Error) => end({ ...codeOf(error), afterMs: since() })
    socket.on('error', onError)
    socket.once('connect', () => {
      if (socket.localPort !== undefined) noteOwn(socket.localPort, address, port)
      end({ socket, connectMs: since() })
    })
    socket.on('error', () => {}) // one that comes after the end has nobody left to tell
  })

/** Runs after the next poll: after a stall of ours, what had arrived must be read before our timer may say "silence". */
export const afterPoll = (then: () => void): void => void setImmediate(() => setImmediate(then))

/** What came back on one connection. `end`: by the peer's FIN, an error, our timer, or because it was enough. */
export interface Exchange {
  connectMs?: number
  afterMs: number
  end: 'enough' | 'fin' | 'error' | 'timer' | 'handshake'
  code?: string
  syscall?: string
  bytes: Buffer
}

export interface Talk {
  /** sent after the handshake */
  send?: string | Uint8Array
  /** sent when nothing has come for `ms` */
  sendAfter?: { ms: number; bytes: string | Uint8Array }
  /** how long to wait for bytes after the handshake; `timeoutMs` unless given */
  waitMs?: number
  /** has everything that matters come? */
  enough: (bytes: Buffer) => boolean
  /** said before we hang up, out of courtesy */
  farewell?: string
}

const MOST_BYTES = 16_384
/** Bytes that came without being enough are waited for this much longer: the rest of a slow line. */
const SETTLE_MS = 1_000

/** Dials, talks, hangs up. Resolves always. */
export async function exchange(options: Dial, talk: Talk): Promise<Exchange> {
  const dialled = await dial(options)
  if (!('socket' in dialled)) {
    const { code, syscall, afterMs } = dialled
    return {
      afterMs,
      end: 'handshake',
      bytes: Buffer.alloc(0),
      ...(code ? { code, ...(syscall ? { syscall } : {}) } : {}),
    }
  }
  const { connectMs } = dialled
  const said = await converse(dialled.socket, { waitMs: options.timeoutMs, ...talk })
  return { ...said, connectMs, afterMs: connectMs + said.afterMs }
}

/** Talks on a connected stream (plain or TLS) and destroys it. `afterMs` counts from the call. */
export const converse = (
  socket: Socket,
  { send, sendAfter, waitMs, enough, farewell }: Talk & { waitMs: number },
): Promise<Exchange> =>
  new Promise((resolve) => {
    const started = performance.now()
    let bytes: Buffer = Buffer.alloc(0)
    let over = false
    const end = (how: Exchange['end'], error?: unknown) => {
      if (over) return
      over = true
      for (const timer of timers) clearTimeout(timer)
      if (farewell && how === 'enough') socket.end(farewell, () => socket.destroy())
      else socket.destroy()
      resolve({ afterMs: Math.round(performance.now() - started), end: how, bytes, ...(error ? codeOf(error) : {}) })
    }
    const timers = [setTimeout(() => afterPoll(() => end('timer')), waitMs)]
    if (sendAfter)
      timers.push(
        setTimeout(() => afterPoll(() => bytes.length === 0 && !over && socket.write(sendAfter.bytes)), sendAfter.ms),
      )
    socket.on('error', (error) => end('error', error))
    socket.once('end', () => end('fin'))
    socket.once('close', () => end('fin'))
    socket.on('data', (chunk: Buffer) => {
      if (over) return
      if (bytes.length === 0) timers.push(setTimeout(() => end('enough'), SETTLE_MS))
      bytes = Buffer.concat([bytes, chunk])
      if (enough(bytes) || bytes.length >= MOST_BYTES) end('enough')
    })
    socket.resume()
    if (send) socket.write(send)
  })

/** The part of a touch that every check tells alike; the sight of a silence, a refusal, a cut. */
export async function touchedBy(check: CheckName, options: Dial, seen: Exchange): Promise<Touched> {
  const { connectMs, afterMs, code, syscall, bytes } = seen
  return {
    check,
    sight: await sightOfExchange(options, seen),
    afterMs,
    ...(code ? { code } : {}),
    ...(syscall ? { syscall } : {}),
    ...(connectMs === undefined ? {} : { connectMs }),
    ...(bytes.length > 0 ? { firstBytes: new Uint8Array(bytes.subarray(0, LIMITS.firstBytes)) } : {}),
  }
}

async function sightOfExchange(options: Dial, seen: Exchange): Promise<Touched['sight']> {
  if (seen.end === 'handshake') {
    if (!seen.code) return 'unresponsive'
    if (maybeLocal(seen.code, seen.afterMs) && (await routeTo(options.address, options.family)) === null)
      return 'probe_fault'
    return sightOf(seen.code)
  }
  if (seen.bytes.length > 0) return 'open'
  if (seen.end === 'timer') return 'mute'
  return seen.end === 'error' ? sightOf(seen.code ?? '') : 'cut'
}

/** A short name for what should stay the same while the service stays the same. */
export const identityOf = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16)
