import type { Env } from './env.ts'
import type { Doorbell, Live, Stir } from './objects/doorbell.ts'

export type { Live, Stir }

/** One object serves the whole fleet; the name is the place to shard by, should that ever be too few. */
const HALL = 'hall-1'

export const doorbell = (env: Env): DurableObjectStub<Doorbell> => env.DOORBELL.get(env.DOORBELL.idFromName(HALL))

/** Rings; a bell that is out of order costs waiting, never work, so its failure is only noted. */
export const ring = (env: Env, probeIds: readonly string[]): Promise<void> =>
  doorbell(env)
    .ring([...probeIds])
    .catch(() => console.warn(JSON.stringify({ event: 'doorbell.silent', probes: probeIds.length })))

/** Passes on how far a scan is; lost without harm. */
export const tell = (env: Env, scanId: string, live: Live): Promise<void> =>
  doorbell(env)
    .tell(scanId, live)
    .catch(() => undefined)

/** Wakes those who watch the scan; without it they look a little later by themselves. */
export const stir = (env: Env, scanId: string): Promise<void> =>
  doorbell(env)
    .stir(scanId)
    .catch(() => undefined)

/** Waits until something happens to the scan after `since`, `ms` at most; without the doorbell, for all of `ms`. */
export const watch = (env: Env, scanId: string, since: number, ms: number): Promise<Stir> =>
  doorbell(env)
    .watch(scanId, since, ms)
    .catch(async () => {
      await new Promise((resolve) => setTimeout(resolve, ms))
      return { live: null, moves: since }
    })

/** How far a scan is, as far as the doorbell has heard; null when it has not. */
export const liveOf = (env: Env, scanId: string): Promise<Live | null> =>
  doorbell(env)
    .live(scanId)
    .catch(() => null)
