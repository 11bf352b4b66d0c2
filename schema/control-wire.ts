/** The part of wire.ts that is about proof of control, with the same rules. */
import * as v from 'valibot'
import { CONTROL_BYTES } from './control.ts'
import { base64, id, listOf, portNumber, text, whole } from './shapes.ts'

/** Addresses of one run: as many as a target has. */
export const FETCHES = 8
const endpoint = { address: text(45, 2), port: portNumber }

/**
 * Fetches of the token by which addresses prove who controls them: one GET each, of one path (control.ts), no redirect
 * followed. The plan does not know the token: the Worker compares.
 */
export const ControlPlan = v.strictObject({
  kind: v.literal('control'),
  targetId: id('tgt'),
  fetches: v.pipe(listOf(v.strictObject(endpoint), FETCHES), v.minLength(1)),
  timeoutMs: whole(500, 15_000),
})
export type ControlPlan = v.InferOutput<typeof ControlPlan>

/** One GET of the token. `status` and `body` (its first bytes, base64) as answered; else `code`, why nothing was. */
export const Fetched = v.strictObject({
  ...endpoint,
  afterMs: whole(0, 120_000),
  status: v.optional(whole(100, 999)),
  body: v.optional(base64(CONTROL_BYTES)),
  code: v.optional(text(40)),
})
export type Fetched = v.InferOutput<typeof Fetched>
