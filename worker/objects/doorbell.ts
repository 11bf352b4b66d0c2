import { DurableObject } from 'cloudflare:workers'
import { RING } from '../../schema/wire.ts'
import type { Phase } from '../../schema/words.ts'

/** How far a scan is. Kept in memory only: lost with the object, told again by the next renewal. */
export interface Live {
  phase: Phase | null
  progress: { done: number; total: number } | null
  at: number
}

/** What a watcher of a scan is told: the progress, and a running number that grows with everything that happens. */
export interface Stir {
  live: Live | null
  moves: number
}

/** Scans whose progress is remembered; the longest unheard of is forgotten first. */
const REMEMBERED = 500

/**
 * Tells probes to ask, and relays live progress. Holds no truth: a lost ring costs seconds. Sockets hibernate, so an
 * idle fleet costs nothing; pings are answered without waking the object.
 */
export class Doorbell extends DurableObject {
  private readonly lives = new Map<string, Live>()
  /** who waits for news of a scan */
  private readonly watchers = new Map<string, Set<() => void>>()
  private moves = 0
  private readonly moved = new Map<string, number>()

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as never)
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
  }

  /** A probe's socket. The guard has checked the signature; `probe` in the query names whose it is. */
  override async fetch(request: Request): Promise<Response> {
    const probeId = new URL(request.url).searchParams.get('probe')
    if (request.headers.get('upgrade') !== 'websocket' || !probeId) return new Response(null, { status: 426 })
    // A probe that dials again has lost its old socket, even where this end has not noticed.
    for (const old of this.ctx.getWebSockets(probeId)) old.close(1000, 'replaced')
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server, [probeId])
    return new Response(null, { status: 101, webSocket: client })
  }

  /** Rings at each of these probes that is connected. */
  ring(probeIds: readonly string[]): void {
    for (const socket of probeIds.flatMap((probeId) => this.ctx.getWebSockets(probeId))) {
      try {
        socket.send(RING)
      } catch {
        // It is closing: the probe dials again, and asks when it does.
      }
    }
  }

  tell(scanId: string, live: Live): void {
    remember(this.lives, scanId, live)
    this.stir(scanId)
  }

  /** Something was stored that watchers of the scan want to see now. */
  stir(scanId: string): void {
    remember(this.moved, scanId, ++this.moves)
    for (const wake of this.watchers.get(scanId) ?? []) wake()
  }

  /** Answers when something has happened after `since`, or after `ms`. The object stays awake while somebody watches. */
  async watch(scanId: string, since: number, ms: number): Promise<Stir> {
    if ((this.moved.get(scanId) ?? 0) <= since) await this.news(scanId, ms)
    return { live: this.live(scanId), moves: Math.max(since, this.moved.get(scanId) ?? 0) }
  }

  private news(scanId: string, ms: number): Promise<void> {
    const watchers = this.watchers.get(scanId) ?? new Set()
    this.watchers.set(scanId, watchers)
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        watchers.delete(wake)
        if (watchers.size === 0 && this.watchers.get(scanId) === watchers) this.watchers.delete(scanId)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      watchers.add(wake)
    })
  }

  live(scanId: string): Live | null {
    return this.lives.get(scanId) ?? null
  }

  override webSocketMessage(socket: WebSocket): void {
    socket.close(1008, 'the doorbell takes no messages')
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close()
  }

  override webSocketError(socket: WebSocket): void {
    socket.close(1011, 'error')
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > REMEMBERED) map.delete(map.keys().next().value ?? '')
}
