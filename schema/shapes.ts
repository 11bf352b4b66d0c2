import * as v from 'valibot'

/** Small building blocks that every message shares. Each one has a bound. */
export const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max))
export const text = (max: number, min = 1) => v.pipe(v.string(), v.minLength(min), v.maxLength(max))
/** The length first: two million wrong elements would each make an issue before anybody counted them. */
export const listOf = <const T extends v.GenericSchema>(item: T, max: number) =>
  v.pipe(v.array(v.unknown()), v.maxLength(max), v.array(item))
/** Milliseconds since 1970, UTC. 2020 to 2100: anything else is a broken clock. */
export const instant = whole(1_577_836_800_000, 4_102_444_800_000)
/** `fra-1` */
export const siteName = v.pipe(
  text(64),
  v.regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes'),
)
export const isoTime = v.pipe(text(40), v.isoTimestamp('must be an ISO 8601 time such as 2026-12-24T18:00:00Z'))
/** Text of one line that steers no terminal and turns no reading direction. */
export const label = (max: number) =>
  v.pipe(
    text(max),
    v.regex(/^[^\p{Cc}\p{Cs}\u200b-\u200f\u202a-\u202e\u2066-\u2069]*$/u, 'must be plain text on one line'),
  )
export const countryCode = v.pipe(v.string(), v.regex(/^[A-Z]{2}$/, 'must be two capital letters, ISO 3166-1'))
export const portNumber = whole(1, 65_535)
export const base64 = (maxBytes: number) =>
  v.pipe(v.string(), v.maxLength(Math.ceil(maxBytes / 3) * 4), v.regex(/^[A-Za-z0-9+/]*={0,2}$/, 'must be base64'))
/** An opaque id with its prefix, for example `scn_4f9…`. */
export const id = (prefix: IdPrefix) =>
  v.pipe(v.string(), v.regex(new RegExp(`^${prefix}_[A-Za-z0-9]{10,40}$`), `must look like ${prefix}_…`))

export const ID_PREFIXES = [
  'ten',
  'tgt',
  'scn',
  'prf',
  'run',
  'iss',
  'occ',
  'prb',
  'can',
  'chn',
  'rng',
  'key',
  'bcn',
  'opt',
  'ltr',
  'ntc',
  'dlv',
] as const
export type IdPrefix = (typeof ID_PREFIXES)[number]
