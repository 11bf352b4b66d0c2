import { ring, stir } from './bell.ts'
import { LIMIT_MS, type Post, post } from './deliver/post.ts'
import type { Env } from './env.ts'
import { type Records, type Resolve, recordsOf, resolverOf } from './resolve.ts'
import { type Keyring, keyringOf } from './seal.ts'
import { type Db, openDb } from './store/db.ts'

/** What the line may touch. It gets this as a value: no function of the line reads a clock or a binding by itself. */
export interface World {
  db: Db
  raw: R2Bucket
  now: number
  allowPrivate: boolean
  /** names to addresses; throws Failure `name_not_resolved` */
  resolve: Resolve
  /** TXT and PTR records of a name */
  records: Records
  /** tells these probes to ask now; never fails, never waits */
  ring(probeIds: Iterable<string>): void
  /** wakes those who watch this scan; never fails, never waits */
  stir(scanId: string): void
  /** keeps work going after the answer */
  later(work: Promise<unknown>): void
  /** how late it is by now, for work that takes a while: `now` and what has passed since */
  clock(): number
  /** one request to a channel's platform */
  post: Post
  /** seals and opens the secrets of channels; null when the Worker has no CHANNEL_KEY */
  keyring: Keyring | null
  allowLocalReceivers: boolean
  /** where this Worker is reached from outside, without a slash at the end; '' when nobody said */
  base: string
}

/** The world of one request or tick. `later` keeps work going after the answer (`ctx.waitUntil`). */
export function worldOf(env: Env, now: number, later: (work: Promise<unknown>) => void): World {
  const began = Date.now()
  return {
    db: openDb(env.DB),
    raw: env.RAW,
    now,
    allowPrivate: env.ALLOW_PRIVATE === '1',
    resolve: resolverOf(env.RESOLVER),
    records: recordsOf(env.RESOLVER),
    ring: (probeIds) => {
      const wanted = [...new Set(probeIds)]
      if (wanted.length > 0) later(ring(env, wanted))
    },
    stir: (scanId) => later(stir(env, scanId)),
    later,
    clock: () => now + Math.max(0, Date.now() - began),
    post: (request) => post(request, LIMIT_MS, env.EGRESS),
    keyring: keyringOf(env.CHANNEL_KEY),
    allowLocalReceivers: env.ALLOW_LOCAL_RECEIVERS === '1',
    base: (env.PUBLIC_URL ?? '').replace(/\/+$/, ''),
  }
}
