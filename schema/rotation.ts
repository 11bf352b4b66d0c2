/** How a probe changes its key. */
import * as v from 'valibot'
import { instant, whole } from './shapes.ts'

/**
 * A probe makes a new key and proves it twice: the request is signed with the old one as ever, `proof` with the new one over
 * `rotationText`. Both are believed for ROTATION_MS, so that an answer lost on the way locks nobody out.
 */
export const RotateRequest = v.strictObject({
  wire: whole(1, 1_000),
  publicKey: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]{43}=$/, 'must be 32 bytes in base64')),
  proof: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]{86}==$/, 'must be an Ed25519 signature in base64')),
})
export type RotateRequest = v.InferOutput<typeof RotateRequest>
export const RotateAnswer = v.object({ now: instant, oldKeyUntil: instant })
export type RotateAnswer = v.InferOutput<typeof RotateAnswer>
export const rotationText = (probeId: string, publicKey: string) =>
  ['portwitness-rotate-1', probeId, publicKey].join('\n')
export const ROTATION_MS = 24 * 3_600_000
