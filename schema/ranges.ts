/** Our address ranges: what the API takes and answers, and the published list with its versioned shape. */
import * as v from 'valibot'
import { CIDR_LENGTH, readCidr } from './cidr.ts'
import { countryCode, isoTime, label, siteName, text } from './shapes.ts'
import { RANGE_DEEDS, RANGE_PURPOSES, RANGE_STATES, type RangePurpose, type RangeState } from './words.ts'

/** A range as the change log keeps it. Times are ms. */
export interface LoggedRange {
  id: string
  cidr: string
  site: string
  country: string | null
  provider: string | null
  purpose: RangePurpose
  state: RangeState
  /** 0: private addresses, never published */
  isPublic: number
  announcedAt: number
  activeFrom: number
  retireAfter: number | null
  firstKey: string
  lastKey: string
}

/** A network in any spelling that only one parser would read; the reason says what to write instead. */
export const cidrOfRange = v.pipe(
  text(2 * CIDR_LENGTH, 2),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const read = readCidr(dataset.value)
    if ('error' in read) addIssue({ message: read.error })
  }),
)

const told = {
  country: v.nullish(countryCode),
  provider: v.nullish(label(100)),
  purpose: v.optional(v.picklist(RANGE_PURPOSES)),
  /** an announced range is used from this day on; 30 days from now unless said */
  activeFrom: v.optional(isoTime),
  /** those who must know do already: no notice period */
  skipNotice: v.optional(v.boolean()),
}
export const RangeBody = v.strictObject({ cidr: cidrOfRange, site: siteName, ...told })
export const RangeChange = v.strictObject({
  state: v.optional(v.picklist(RANGE_STATES)),
  site: v.optional(siteName),
  ...told,
  /** a retiring range is scanned from until then; 30 days from now unless said */
  retireAfter: v.optional(isoTime),
})

const time = v.pipe(v.string(), v.isoTimestamp())
export const RangeAnswer = v.object({
  id: v.string(),
  cidr: v.string(),
  site: v.string(),
  country: v.nullable(v.string()),
  provider: v.nullable(v.string()),
  purpose: v.picklist(RANGE_PURPOSES),
  state: v.picklist(RANGE_STATES),
  published: v.boolean(),
  announcedAt: time,
  activeFrom: time,
  retireAfter: v.nullable(time),
})
export type RangeAnswer = v.InferOutput<typeof RangeAnswer>

/** One line of the change log. */
export const RangeChangeAnswer = v.object({
  serial: v.number(),
  at: time,
  by: v.string(),
  deed: v.picklist(RANGE_DEEDS),
  range: RangeAnswer,
})
export type RangeChangeAnswer = v.InferOutput<typeof RangeChangeAnswer>

// ---------------------------------------------------------------- published

/** Raised when a reader of the list could misread it. Fields may be added without: readers skip what they do not know. */
export const LIST_SCHEMA = 1

export const Prefix = v.object({
  prefix: v.pipe(v.string(), v.description('canonical CIDR; IPv6 as in RFC 5952')),
  family: v.picklist([4, 6]),
  site: v.pipe(v.string(), v.description('addresses of one site share a provider and a network')),
  country: v.nullable(v.pipe(v.string(), v.description('ISO 3166-1 alpha-2'))),
  provider: v.nullable(v.string()),
  purpose: v.picklist(RANGE_PURPOSES),
  status: v.pipe(
    v.picklist(['announced', 'active', 'retiring']),
    v.description(
      'announced: not used before activeFrom; active: in use; retiring: not used after retireAfter, then it leaves the list',
    ),
  ),
  announcedAt: time,
  activeFrom: time,
  retireAfter: v.nullable(time),
})
export type Prefix = v.InferOutput<typeof Prefix>

/** What `/ip-ranges.json` says. The same serial always gives the same bytes. */
export const RangeList = v.object({
  $schema: v.literal('/ip-ranges.schema.json'),
  schema: v.literal(LIST_SCHEMA),
  serial: v.pipe(v.number(), v.description('grows with each change; 0 before the first')),
  previousSerial: v.nullable(v.pipe(v.number(), v.description('of the version before this one'))),
  version: v.pipe(v.string(), v.description('day of the change and serial, as in 2026-11-28.7')),
  changedAt: v.nullable(time),
  prefixes: v.array(Prefix),
})
export type RangeList = v.InferOutput<typeof RangeList>

/** What changed between two versions. A prefix whose words changed is in `changed` alone. */
export const RangeDiff = v.object({
  from: v.number(),
  to: v.number(),
  added: v.array(Prefix),
  removed: v.array(Prefix),
  changed: v.array(v.object({ before: Prefix, after: Prefix })),
})
export type RangeDiff = v.InferOutput<typeof RangeDiff>

export const VersionsAnswer = v.object({
  latest: v.number(),
  versions: v.array(v.object({ serial: v.number(), at: time, title: v.string(), href: v.string() })),
})

/** Whether one address is ours. */
export const CheckAnswer = v.object({
  address: v.string(),
  ours: v.boolean(),
  /** in one sentence */
  detail: v.string(),
  range: v.nullable(Prefix),
})
export type CheckAnswer = v.InferOutput<typeof CheckAnswer>
