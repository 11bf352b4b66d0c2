import type { Scope } from '../schema/words.ts'
import type { Env } from './env.ts'
import type { Signer } from './store/probes.ts'
import type { World } from './world.ts'

/** Who asks, on the public API. */
export interface Caller {
  tenantId: string
  scope: Scope
  keyId: string
  /** signed in by cookie: a browser, which must be kept from being led */
  byCookie: boolean
  /** who let them in, when it was Cloudflare Access: `access:EMAIL`; there is no key then */
  identity?: string
}

export interface AppEnv {
  Bindings: Env
  Variables: {
    world: World
    /** asks this Worker itself, as the one who asks now */
    ask: (request: Request) => Response | Promise<Response>
    caller: Caller
    probe: Signer
    /** the public key with which it signed this request */
    usedKey: string
    /** the time in the signature of a probe's request */
    signedAt: number
    /** body of a signed probe request, parsed, and SHA-256 of it as sent */
    message: unknown
    digest: string
  }
}

/** As the audit log names them. */
export const actorOf = ({ identity, byCookie, keyId }: Caller): string =>
  identity ?? `${byCookie ? 'session' : 'key'}:${keyId}`
