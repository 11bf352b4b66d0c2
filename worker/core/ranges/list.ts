/** The published list: a function of the change log alone, so that one serial always gives the same bytes, and one hash. */
import { LIST_SCHEMA, type Prefix, type RangeDiff, type RangeList } from '../../../schema/ranges.ts'
import { day, isPublished, type Range } from './life.ts'

/** All ranges as they were after one change, and which change that was; serial 0 before the first. */
export interface Version {
  serial: number
  previousSerial: number | null
  changedAt: number | null
  ranges: readonly Range[]
}

const iso = (at: number): string => new Date(at).toISOString()
const byKey = (a: Range, b: Range): number => (a.firstKey < b.firstKey ? -1 : 1)

/** What a published range says of itself. */
export const prefixOf = (range: Range): Prefix => ({
  prefix: range.cidr,
  family: range.cidr.includes(':') ? 6 : 4,
  site: range.site,
  country: range.country,
  provider: range.provider,
  purpose: range.purpose,
  status: range.state as Prefix['status'],
  announcedAt: iso(range.announcedAt),
  activeFrom: iso(range.activeFrom),
  retireAfter: range.retireAfter === null ? null : iso(range.retireAfter),
})

/** The list as `/ip-ranges.json` says it: public ranges in the order of their addresses, IPv4 first. */
export const listOf = ({ serial, previousSerial, changedAt, ranges }: Version): RangeList => ({
  $schema: '/ip-ranges.schema.json',
  schema: LIST_SCHEMA,
  serial,
  previousSerial,
  version: `${day(changedAt ?? 0)}.${serial}`,
  changedAt: changedAt === null ? null : iso(changedAt),
  prefixes: ranges.filter(isPublished).toSorted(byKey).map(prefixOf),
})

/** The bytes that are served, hashed and signed. */
export const textOfList = (list: RangeList): string => `${JSON.stringify(list, null, 2)}\n`

/** What has to be done to an allowlist of the one to make it one of the other. */
export function diffOf(before: RangeList, after: RangeList): RangeDiff {
  const then = new Map(before.prefixes.map((one) => [one.prefix, one]))
  const now = new Set(after.prefixes.map(({ prefix }) => prefix))
  return {
    from: before.serial,
    to: after.serial,
    added: after.prefixes.filter(({ prefix }) => !then.has(prefix)),
    removed: before.prefixes.filter(({ prefix }) => !now.has(prefix)),
    changed: after.prefixes.flatMap((one) => {
      const old = then.get(one.prefix)
      return old && JSON.stringify(old) !== JSON.stringify(one) ? [{ before: old, after: one }] : []
    }),
  }
}
