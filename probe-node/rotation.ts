import { rotationText } from '../schema/rotation.ts'
import type { Desk } from './desk.ts'
import { type Identity, nextIdentity, takeNext } from './identity.ts'
import type { Log } from './log.ts'

const DAY_MS = 86_400_000
/** A key is changed after so many days unless said; NIST SP 800-57, 5.3.6, has one to three years for signatures. */
export const KEY_DAYS = 90
/** After a try that failed, not again before this. */
const RETRY_MS = 3_600_000

export interface Rotation {
  /** Changes the key when it is old enough; never fails, and answers at once when there is nothing to do. */
  keepFresh(now?: number): Promise<void>
}

export function createRotation(
  desk: Pick<Desk, 'rotate' | 'become'>,
  own: Identity,
  { dataDir, keyDays, log }: { dataDir: string; keyDays: number; log: Log },
): Rotation {
  let identity = own
  let notBefore = 0
  return {
    async keepFresh(now = Date.now()) {
      // A key of unknown age is as old as can be.
      if (now < notBefore || (identity.madeAt !== null && now - identity.madeAt < keyDays * DAY_MS)) return
      notBefore = now + RETRY_MS
      try {
        const next = await nextIdentity(dataDir)
        const proof = next.sign(rotationText(identity.probeId ?? '', next.publicKey))
        const asked = await desk.rotate({ publicKey: next.publicKey, proof })
        if (!asked.ok) return log('warn', 'the key could not be changed', { why: asked.detail.slice(0, 100) })
        identity = await takeNext(dataDir)
        desk.become(identity)
        log('info', 'the key was changed; the old one ends', { at: new Date(asked.answer.oldKeyUntil).toISOString() })
      } catch (error) {
        log('error', 'the key could not be changed', { error: String(error).slice(0, 200) })
      }
    },
  }
}
