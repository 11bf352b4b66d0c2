/**
 * Many connects at once, by slot number. Two back-ends that give the same answers:
 *
 * `bare` uses libuv's TCP handles as Node itself does, without a net.Socket around each, and uses a handle again after
 * a refusal. About 90,000 connects a second on one thread, where net.connect makes 17,000. It needs
 * `process.binding('tcp_wrap')`, which Node may take away some day.
 * `plain` uses net.Socket and works everywhere.
 */
import { connect, type Socket } from 'node:net'
import { constants } from 'node:os'

/** 0: accepted; else the negative errno of the refusal or fault. */
export type Status = number

export interface Sockets {
  readonly backend: 'bare' | 'plain'
  /** Starts a connect in a free slot; `onAnswer(slot, status)` follows later, never before this returns. */
  connect(slot: number, port: number): void
  /** Gives up on a slot: no answer will follow. */
  abandon(slot: number): void
  close(): void
}

export interface SocketsOptions {
  address: string
  family: 4 | 6
  /** null lets the kernel choose */
  source: string | null
  onAnswer: (slot: number, status: Status) => void
}

const ERRNO = constants.errno
export const REFUSED: Status = -ERRNO.ECONNREFUSED
export const TIMED_OUT: Status = -ERRNO.ETIMEDOUT
/** A reset at connect: the handshake was done, and the peer hung up at once. */
const ACCEPTED_AND_CUT: Status = -ERRNO.ECONNRESET
export const accepts = (status: Status): boolean => status === 0 || status === ACCEPTED_AND_CUT

const EXHAUSTION = new Set<Status>(
  [ERRNO.EMFILE, ERRNO.ENFILE, ERRNO.EADDRNOTAVAIL, ERRNO.EADDRINUSE, ERRNO.ENOBUFS, ERRNO.ENOMEM, ERRNO.EAGAIN].map(
    (n) => -n,
  ),
)
/** This machine has run out of something of its own. */
export const isExhaustion = (status: Status): boolean => EXHAUSTION.has(status)

/** What we report when the kernel connected a socket to itself: nobody listens there. */
const SELF_CONNECTED: Status = REFUSED

/** The fastest back-end this Node has. */
export function openSockets(options: SocketsOptions): Sockets {
  const bare = bareBinding()
  return bare ? bareSockets(bare, options) : plainSockets(options)
}

// ---------------------------------------------------------------- net.Socket

export function plainSockets({ address, family, source, onAnswer }: SocketsOptions): Sockets {
  const sockets: (Socket | undefined)[] = []
  const drop = (slot: number) => {
    sockets[slot]
      ?.removeAllListeners()
      .on('error', () => {})
      .destroy()
    sockets[slot] = undefined
  }
  return {
    backend: 'plain',
    connect(slot, port) {
      const socket = connect({
        host: address,
        family,
        port,
        autoSelectFamily: false,
        ...(source ? { localAddress: source } : {}),
      })
      sockets[slot] = socket
      socket.once('connect', () => {
        const isSelf = socket.localPort === port && socket.localAddress === socket.remoteAddress
        socket.resetAndDestroy()
        onAnswer(slot, isSelf ? SELF_CONNECTED : 0)
      })
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (sockets[slot] !== socket) return
        drop(slot)
        onAnswer(slot, error.errno && error.errno < 0 ? error.errno : -ERRNO.EIO)
      })
    },
    abandon: drop,
    close() {
      for (const slot of sockets.keys()) drop(slot)
    },
  }
}

// ---------------------------------------------------------------- libuv handles

interface Handle {
  bind(address: string, port: number): number
  bind6(address: string, port: number, flags: number): number
  connect(request: Request, address: string, port: number): number
  connect6(request: Request, address: string, port: number): number
  getsockname(out: { address?: string; port?: number }): number
  reset(done?: () => void): number
  close(done?: () => void): void
}
interface Request {
  oncomplete?: (this: Request, status: number) => void
  slot: number
  port: number
}
interface TcpBinding {
  TCP: new (type: number) => Handle
  TCPConnectWrap: new () => Request
  constants: { SOCKET: number }
}

/** Node's own binding, or null where there is none. It is deprecated without a replacement; the warning is pending only. */
function bareBinding(): TcpBinding | null {
  try {
    const { binding } = process as unknown as { binding?: (name: string) => Partial<TcpBinding> }
    const { TCP, TCPConnectWrap, constants: kinds } = binding?.call(process, 'tcp_wrap') ?? {}
    return TCP && TCPConnectWrap && kinds ? { TCP, TCPConnectWrap, constants: kinds } : null
  } catch {
    return null
  }
}
export const hasBareSockets = (): boolean => bareBinding() !== null

/** Linux answers so to the first connect on a socket whose last one failed, and is then ready for the next. */
const ONCE_MORE = -ERRNO.ECONNABORTED

export const openBareSockets = (options: SocketsOptions): Sockets | null => {
  const bare = bareBinding()
  return bare && bareSockets(bare, options)
}

function bareSockets({ TCP, TCPConnectWrap, constants: kinds }: TcpBinding, options: SocketsOptions): Sockets {
  const { address, family, source, onAnswer } = options
  const mayReuse = process.platform === 'linux'
  const handles: (Handle | undefined)[] = []
  const requests: (Request | undefined)[] = []
  /** request objects to be used again: the one before the last, and the last, which may still be in its callback */
  const spares: (Request | undefined)[] = []
  const finished: (Request | undefined)[] = []

  const fresh = (): Handle | Status => {
    const handle = new TCP(kinds.SOCKET)
    const status = source ? (family === 4 ? handle.bind(source, 0) : handle.bind6(source, 0, 0)) : 0
    if (status === 0) return handle
    handle.close()
    return status
  }
  const start = (handle: Handle, request: Request, port: number): Status =>
    family === 4 ? handle.connect(request, address, port) : handle.connect6(request, address, port)
  const isSelf = (handle: Handle, port: number): boolean => {
    const own: { address?: string; port?: number } = {}
    return handle.getsockname(own) === 0 && own.port === port && own.address === address
  }
  const drop = (slot: number) => {
    handles[slot]?.close()
    handles[slot] = undefined
    requests[slot] = undefined
    spares[slot] = undefined
    finished[slot] = undefined
  }
  const attempt = (slot: number, request: Request, port: number): Status => {
    const used = handles[slot]
    if (used) {
      const status = start(used, request, port)
      if (status === 0) return 0
      if (status === ONCE_MORE && start(used, request, port) === 0) return 0
      drop(slot)
    }
    const handle = fresh()
    if (typeof handle === 'number') return handle
    handles[slot] = handle
    const status = start(handle, request, port)
    if (status !== 0) drop(slot)
    return status
  }

  // One function for all requests: a closure for each would be the largest cost after the system calls.
  function onComplete(this: Request, status: Status) {
    const { slot, port } = this
    if (requests[slot] !== this) return // abandoned: libuv reports the cancelled request
    requests[slot] = undefined
    finished[slot] = this
    if (status === 0) {
      const handle = handles[slot] as Handle
      handles[slot] = undefined
      const answer = isSelf(handle, port) ? SELF_CONNECTED : 0
      handle.reset() // RST instead of FIN: leaves no TIME_WAIT behind, as nmap does
      return onAnswer(slot, answer)
    }
    if (status !== REFUSED || !mayReuse) drop(slot)
    onAnswer(slot, status)
  }

  return {
    backend: 'bare',
    connect(slot, port) {
      // Two request objects take turns in a slot: while one's callback runs Node still holds it, the other is free.
      // A new object for each connect would leave 65,535 of them, with their native halves, to the collector.
      const request = spares[slot] ?? new TCPConnectWrap()
      spares[slot] = finished[slot]
      finished[slot] = undefined
      request.slot = slot
      request.port = port
      request.oncomplete = onComplete
      const status = attempt(slot, request, port)
      if (status === 0)
        requests[slot] = request // its callback never runs before this
      else setImmediate(() => onAnswer(slot, status))
    },
    abandon: drop,
    close() {
      for (const slot of handles.keys()) drop(slot)
    },
  }
}
