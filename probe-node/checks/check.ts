import type { CheckName, Service, Sight } from '../../schema/words.ts'

/** One touch, as a check carries it out. `source` null lets the kernel choose. */
export interface TouchOptions {
  address: string
  family: 4 | 6
  port: number
  source: string | null
  /** the target's name, for SNI and the Host header */
  name: string | null
  service: Service
  /** for the handshake, and again for the expected bytes */
  timeoutMs: number
  /**
   * resolves when one more connect is within our own ceilings: false when our lease of the run has run out by then. Neither is
   * asked for listeners of ours
   */
  turn?: () => Promise<boolean>
  /** who we say we are in HTTP */
  userAgent: string
  /** further header lines of an HTTP request to this Host, which say and prove who asks; none to listeners of our own */
  knock?: (authority: string) => readonly string[]
  /** path of the HTTP request; `/` unless a beacon says otherwise */
  path?: string
  /** of the HTTP request; HEAD unless the layer ladder (E8) says otherwise */
  method?: 'GET'
}

/** What a touch saw. `firstBytes` are cut to 512. */
export interface Touched {
  check: CheckName
  sight: Sight
  code?: string
  syscall?: string
  connectMs?: number
  afterMs: number
  firstBytes?: Uint8Array
  httpStatus?: number
  identity?: string
  /** of the answer to the plain request: the headers that a service sends always or never, as lines */
  head?: readonly string[]
  /** HTTP says in a header that the answer is a challenge or a block, whatever the status */
  mitigated?: boolean
}

/** A check always resolves. A refused port is a result; only a bug of ours may throw. */
export type Check = (options: TouchOptions) => Promise<Touched>
