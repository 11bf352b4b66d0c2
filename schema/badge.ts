/** The badge of a target: what its API says of it. */
import * as v from 'valibot'

/** `path`: where anybody who knows it sees the badge; null while it is switched off. */
export const BadgeAnswer = v.object({ on: v.boolean(), path: v.nullable(v.string()) })
export type BadgeAnswer = v.InferOutput<typeof BadgeAnswer>
