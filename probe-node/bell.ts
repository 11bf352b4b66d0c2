import WebSocket from 'ws'
import { RING } from '../schema/wire.ts'
import { rest } from './clock.ts'
import type { Desk } from './desk.ts'
import type { Log } from './log.ts'

export interface BellOptions {
  desk: Desk
  /** asked to look: the Worker has something new */
  onRing: () => void
  log: Log
  signal: AbortSignal
}

const PING_MS = 25_000
const PONG_MS = 10_000
const HANDSHAKE_MS = 10_000
/** The first attempts are quick, for a Worker that restarts on a laptop; then the whole fleet spreads over 30 s. */
const QUICK_TRIES = 5
const QUICK_MS = 1_000
const SPREAD_MS = 30_000
const SETTLED_MS = 5_000

/** Keeps one WebSocket to the doorbell until the signal aborts. A bell that is out of order only costs waiting. */
export async function listen({ desk, onRing, log, signal }: BellOptions): Promise<void> {
  let tries = 0
  while (!signal.aborted) {
    const started = performance.now()
    const wasOpen = await session(desk, onRing, signal)
    // One that is closed as soon as it opens must not be dialled every second for ever.
    if (wasOpen && performance.now() - started > SETTLED_MS) tries = 0
    if (signal.aborted) return
    if (tries === QUICK_TRIES) log('warn', 'the doorbell is out of order; asking by the clock')
    await rest(Math.random() * (tries < QUICK_TRIES ? QUICK_MS : SPREAD_MS), signal)
    tries += 1
  }
}

/** One connection, from dial to close. Resolves true when it was up. */
const session = (desk: Desk, onRing: () => void, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const { url, headers, localAddress } = desk.doorbell()
    const socket = new WebSocket(url, {
      headers,
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
      maxPayload: 1_024,
      ...(localAddress ? { localAddress } : {}),
    })
    let wasOpen = false
    let pong: NodeJS.Timeout | undefined
    const ping = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return
      socket.send('ping')
      pong ??= setTimeout(() => socket.terminate(), PONG_MS)
    }, PING_MS)
    const stop = () => socket.terminate()
    signal.addEventListener('abort', stop, { once: true })
    socket.on('open', () => {
      wasOpen = true
      onRing() // whatever rang while nobody listened
    })
    socket.on('message', (data) => {
      clearTimeout(pong)
      pong = undefined
      if (String(data) === RING) onRing()
    })
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => {
      clearInterval(ping)
      clearTimeout(pong)
      signal.removeEventListener('abort', stop)
      resolve(wasOpen)
    })
  })
