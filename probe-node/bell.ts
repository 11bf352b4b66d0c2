import WebSocket from 'ws'
import { RING } from '../schema/wire.ts'
import { rest } from './clock.ts'
import type { Desk } from './desk.ts'
import type { Log } from './log.ts'

export interface Bell {
  /** Keeps one WebSocket to the doorbell until the signal aborts. A bell that is out of order only costs waiting. */
  listen(onRing: () => void, signal: AbortSignal): Promise<void>
  /**
   * It should have rung and did not: dials again. The runtime answers pings for an object that sleeps, so a socket that the
   * object has lost looks alive; only a ring that never came tells.
   */
  doubt(): void
}

const PING_MS = 25_000
const PONG_MS = 10_000
const HANDSHAKE_MS = 10_000
/** The first attempts are quick, for a Worker that restarts on a laptop; then the whole fleet spreads over 30 s. */
const QUICK_TRIES = 5
const QUICK_MS = 1_000
const SPREAD_MS = 30_000
const SETTLED_MS = 5_000

export function createBell({ desk, log }: { desk: Desk; log: Log }): Bell {
  let socket: WebSocket | null = null
  return {
    async listen(onRing, signal) {
      let tries = 0
      while (!signal.aborted) {
        const started = performance.now()
        socket = dial(desk)
        const wasOpen = await session(socket, onRing, signal)
        // One that is closed as soon as it opens must not be dialled every second for ever.
        if (wasOpen && performance.now() - started > SETTLED_MS) tries = 0
        if (signal.aborted) return
        if (tries === QUICK_TRIES) log('warn', 'the doorbell is out of order; asking by the clock')
        await rest(Math.random() * (tries < QUICK_TRIES ? QUICK_MS : SPREAD_MS), signal)
        tries += 1
      }
    },
    doubt() {
      if (socket?.readyState !== WebSocket.OPEN) return
      log('warn', 'the doorbell is deaf: work waited and it did not ring; dialling again')
      socket.terminate()
    },
  }
}

function dial(desk: Desk): WebSocket {
  const { url, headers, localAddress } = desk.doorbell()
  return new WebSocket(url, {
    headers,
    handshakeTimeout: HANDSHAKE_MS,
    perMessageDeflate: false,
    maxPayload: 1_024,
    ...(localAddress ? { localAddress } : {}),
  })
}

/** One connection, until it closes. Resolves true when it was up. */
const session = (socket: WebSocket, onRing: () => void, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
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
