/** The list in the layouts that others made common, so that what reads theirs reads ours. All are functions of the list alone. */
import type { RangeList } from '../../../schema/ranges.ts'

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
/** Before the first change there is no time to tell; these layouts want one. */
const timeOf = ({ changedAt }: RangeList): string => changedAt ?? new Date(0).toISOString()

/** One network a line; of one family when asked. */
export const plainText = ({ prefixes }: RangeList, family: 4 | 6 | null = null): string =>
  prefixes
    .filter((one) => family === null || one.family === family)
    .map(({ prefix }) => `${prefix}\n`)
    .join('')

/** The layout of ip-ranges.amazonaws.com/ip-ranges.json: `region` is the site, `service` the purpose. */
export function awsLike(list: RangeList): string {
  const time = timeOf(list)
  const entry = ({ site, purpose }: RangeList['prefixes'][number]) => ({
    region: site,
    service: purpose.toUpperCase(),
    network_border_group: site,
  })
  return pretty({
    // Seconds since 1970, as text: the token grows with time, and readers compare it.
    syncToken: String(Math.floor(Date.parse(time) / 1_000)),
    createDate: time.slice(0, 19).replace(/[T:]/g, '-'),
    prefixes: list.prefixes.flatMap((one) => (one.family === 4 ? [{ ip_prefix: one.prefix, ...entry(one) }] : [])),
    ipv6_prefixes: list.prefixes.flatMap((one) =>
      one.family === 6 ? [{ ipv6_prefix: one.prefix, ...entry(one) }] : [],
    ),
  })
}

/** The layout in which Google and others publish their crawlers. */
export const googleLike = (list: RangeList): string =>
  pretty({
    syncToken: String(Date.parse(timeOf(list))),
    creationTime: timeOf(list).replace('Z', '000'),
    prefixes: list.prefixes.map(({ prefix, family }) =>
      family === 4 ? { ipv4Prefix: prefix } : { ipv6Prefix: prefix },
    ),
  })

/** A warninglist as MISP keeps them (github.com/MISP/misp-warninglists): who sees us in an event is told who we are. */
export const mispWarninglist = (list: RangeList): string =>
  pretty({
    category: 'Known identifier',
    description:
      'Source addresses of Portwitness, which scans hosts for open ports at the request of those who answer for them.',
    list: list.prefixes.map(({ prefix }) => prefix),
    matching_attributes: ['ip-src', 'ip-dst', 'ip-src|port', 'ip-dst|port', 'domain|ip'],
    name: 'Portwitness scanning ranges',
    type: 'cidr',
    version: Number(timeOf(list).slice(0, 10).replaceAll('-', '')),
  })

/**
 * RFC 8805: prefix, country, region, city, postal code. An empty country would say "place this nowhere": a range whose country
 * we do not know is left out instead.
 */
export function geofeed(list: RangeList): string {
  const placed = list.prefixes.filter(({ country }) => country !== null)
  const left = list.prefixes.length - placed.length
  return [
    `# Portwitness scanning ranges, serial ${list.serial}`,
    ...(left > 0 ? [`# ${left} more without a country, not listed here`] : []),
    ...placed.map(({ prefix, country }) => `${prefix},${country},,,`),
    '',
  ].join('\n')
}
