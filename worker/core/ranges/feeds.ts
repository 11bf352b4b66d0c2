/** The changes of the list as feeds, newest first: Atom (RFC 4287) and JSON Feed 1.1 (jsonfeed.org). */
import type { RangeDeed, RangePurpose } from '../../../schema/words.ts'
import { day, type Range } from './life.ts'

/** One public line of the change log. */
export interface Change {
  serial: number
  at: number
  deed: RangeDeed
  range: Range
}

/** `203.0.113.0/24 at fra-1: announced, used from 2026-12-28` */
export function titleOf({ deed, range }: Change): string {
  const where = `${range.cidr} at ${range.site}`
  switch (deed) {
    case 'announced':
      return `${where}: announced, used from ${day(range.activeFrom)}`
    case 'active':
      return `${where}: active`
    case 'retiring':
      return `${where}: retiring, not used after ${day(range.retireAfter ?? range.activeFrom)}`
    case 'retired':
      return `${where}: retired, may leave your allowlist`
    case 'repurposed':
      return `${where}: now for ${FOR[range.purpose]}${range.state === 'announced' ? `, used from ${day(range.activeFrom)}` : ''}`
    case 'changed':
      return `${where}: its details were corrected`
  }
}

const FOR: Record<RangePurpose, string> = { scan: 'scans', recheck: 'second looks', webhook: 'our notices alone' }

/** What a reader has to do about it. */
export function adviceOf({ deed, range }: Change): string {
  if (range.purpose === 'webhook') return ofNotices(deed)
  switch (deed) {
    case 'announced':
      return 'Let it through before that day, or scans from it will be blocked.'
    case 'active':
      return 'Scans come from it now.'
    case 'retiring':
      return 'Keep it on your allowlist until that day.'
    case 'retired':
      return 'Nothing comes from it any more: take it off your allowlist.'
    case 'repurposed':
      return range.state === 'announced'
        ? `It must be on your allowlist before that day: ${FOR[range.purpose]} come from it then.`
        : `It must be on your allowlist: ${FOR[range.purpose]} come from it.`
    case 'changed':
      return 'The network itself is the same: nothing is to be done.'
  }
}

/** Of a range from which nothing but notices comes: an allowlist for scans needs it at no time. */
function ofNotices(deed: RangeDeed): string {
  switch (deed) {
    case 'announced':
      return 'From that day on our notices come from it; no scan does.'
    case 'active':
      return 'Our notices come from it now; no scan does.'
    case 'retiring':
      return 'Our notices come from it until that day; no scan does.'
    case 'retired':
      return 'Nothing comes from it any more.'
    case 'repurposed':
      return 'Nothing scans from it any more: it may leave your allowlist.'
    case 'changed':
      return 'The network itself is the same: nothing is to be done.'
  }
}

const iso = (at: number): string => new Date(at).toISOString()
const XML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const xml = (text: string): string => text.replace(/[&<>"']/g, (sign) => XML[sign] ?? '')
const permalink = (base: string, serial: number): string => `${base}/ip-ranges/versions/${serial}.json`

/** `base` is where the Worker is reached, without a slash at the end. */
export const atomFeed = (changes: readonly Change[], base: string): string =>
  [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    `  <id>${xml(base)}/ip-ranges.atom</id>`,
    '  <title>Portwitness: changes of our address ranges</title>',
    `  <updated>${iso(changes[0]?.at ?? 0)}</updated>`,
    '  <author><name>Portwitness</name></author>',
    `  <link rel="self" type="application/atom+xml" href="${xml(base)}/ip-ranges.atom"/>`,
    `  <link rel="alternate" type="text/html" href="${xml(base)}/ranges"/>`,
    ...changes.flatMap((change) => [
      '  <entry>',
      `    <id>${xml(permalink(base, change.serial))}</id>`,
      `    <title>${xml(titleOf(change))}</title>`,
      `    <updated>${iso(change.at)}</updated>`,
      `    <link rel="alternate" type="application/json" href="${xml(permalink(base, change.serial))}"/>`,
      `    <content type="text">${xml(adviceOf(change))}</content>`,
      '  </entry>',
    ]),
    '</feed>',
    '',
  ].join('\n')

export const jsonFeed = (changes: readonly Change[], base: string): string =>
  `${JSON.stringify(
    {
      version: 'https://jsonfeed.org/version/1.1',
      title: 'Portwitness: changes of our address ranges',
      home_page_url: `${base}/ranges`,
      feed_url: `${base}/ip-ranges.feed.json`,
      language: 'en',
      items: changes.map((change) => ({
        id: permalink(base, change.serial),
        url: permalink(base, change.serial),
        title: titleOf(change),
        content_text: adviceOf(change),
        date_published: iso(change.at),
        tags: [change.deed, change.range.site],
      })),
    },
    null,
    2,
  )}\n`
