import { ring, stir } from './bell.ts'
import type { Env } from './env.ts'
import { type Resolve, resolverOf } from './resolve.ts'
import { type Db, openDb } from './store/db.ts'

/** What the line may touch. It gets this as a value: no function of the line reads a clock or a binding by itself. */
export interface World {
  db: Db
  raw: R2Bucket
  now: number
  allowPrivate: boolean
  /** names to addresses; throws Failure `name_not_resolved` */
  resolve: Resolve
  /** tells these probes to ask now; never fails, never waits */
  ring(probeIds: Iterable<string>): void
  /** wakes those who watch this scan; never fails, never waits */
  stir(scanId: string): void
}

/** The world of one request or tick. `later` keeps work going after the answer (`ctx.waitUntil`). */
export const worldOf = (env: Env, now: number, later: (work: Promise<unknown>) => void): World => ({
  db: openDb(env.DB),
  raw: env.RAW,
  now,
  allowPrivate: env.ALLOW_PRIVATE === '1',
  resolve: resolverOf(env.RESOLVER),
  ring: (probeIds) => {
    const wanted = [...new Set(probeIds)]
    if (wanted.length > 0) later(ring(env, wanted))
  },
  stir: (scanId) => later(stir(env, scanId)),
})
