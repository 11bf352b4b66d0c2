import { DurableObject } from 'cloudflare:workers'
import { RING } from '../../schema/wire.ts'
import type { Phase } from '../../schema/words.ts'

/** How far a scan is. Kept in memory only: lost with the object, told again by the next renewal. */
export interface Live {
  phase: Phase | null
  progress: { done: number; total: number } | null
  at: number
}

/** Scans whose progress is remembered; the longest unheard of is forgotten first. */
const REMEMBERED = 500

/**
 * Tells probes to ask, and relays live progress. Holds no truth: a lost ring costs seconds. Sockets hibernate, so an
 * idle fleet costs nothing; pings are answered without waking the object.
 */
export class Doorbell extends DurableObject {
  private readonly lives = new Map<string, Live>()

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
    this.lives.delete(scanId)
    this.lives.set(scanId, live)
    if (this.lives.size > REMEMBERED) this.lives.delete(this.lives.keys().next().value ?? '')
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
