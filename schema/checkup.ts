/** What `portwitness doctor` asks the Worker on behalf of a probe. Nothing of it changes anything. */
import * as v from 'valibot'
import { Beacon, Standing } from './wire.ts'

export const TOKEN_STATES = ['usable', 'used', 'expired', 'unknown'] as const
export type TokenState = (typeof TOKEN_STATES)[number]

/** Asked by whoever holds a token, or nothing at all yet. */
export const CheckRequest = v.strictObject({ token: v.optional(v.pipe(v.string(), v.maxLength(100))) })
export const CheckAnswer = v.object({
  now: v.number(),
  version: v.string(),
  wire: v.number(),
  /** from which address the request came, as the Worker saw it; '' when it cannot tell */
  address: v.string(),
  /** null: none was shown. The address tells only who holds the token. */
  token: v.nullable(v.object({ state: v.picklist(TOKEN_STATES), sourceAddress: v.nullable(v.string()) })),
})
export type CheckAnswer = v.InferOutput<typeof CheckAnswer>

/** Asked by an enrolled probe, signed; unlike a lease it neither takes work nor gives any up. */
export const HelloRequest = v.strictObject({})
export const HelloAnswer = v.object({
  now: v.number(),
  site: v.string(),
  standing: Standing,
  stopped: v.boolean(),
  drained: v.boolean(),
  beacons: v.array(Beacon),
})
export type HelloAnswer = v.InferOutput<typeof HelloAnswer>
