/** Answers about allowlists: our ranges in the formats of the defences that must let us through. */
import * as v from 'valibot'

/** What is said of one format. */
export const AllowlistFormat = v.object({
  format: v.string(),
  title: v.string(),
  /** the name to save it under */
  file: v.string(),
  type: v.string(),
  /** has a form that lets in the scanner and nobody else, asked for with `?exclusive=true` */
  exclusive: v.boolean(),
  where: v.array(v.string()),
  check: v.array(v.string()),
  undo: v.array(v.string()),
  traps: v.array(v.string()),
  href: v.string(),
})
export type AllowlistFormat = v.InferOutput<typeof AllowlistFormat>

export const AllowlistFormats = v.object({ items: v.array(AllowlistFormat), nextCursor: v.null() })

/** What would let the scanner through to one issue's target. */
export const AllowlistOffer = v.object({
  issueId: v.string(),
  target: v.string(),
  /** the lost ones */
  ports: v.array(v.number()),
  /** the scanner's first, then the others that scan the target */
  sites: v.array(v.string()),
  /** canonical; private ones where the target is private */
  ranges: v.array(v.string()),
  /** what scanned the target and is not to be let through any more */
  leftOut: v.array(v.object({ address: v.string(), detail: v.string() })),
  /** the formats that fit the defence found, best first */
  items: v.array(AllowlistFormat),
  /** the names of all the others */
  others: v.array(v.string()),
  nextCursor: v.null(),
})
export type AllowlistOffer = v.InferOutput<typeof AllowlistOffer>
