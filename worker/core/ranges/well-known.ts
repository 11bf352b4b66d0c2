/** Who we are, for whoever meets one of our probes (RFC 9511) or finds a fault in us (RFC 9116). */

/** RFC 9116, 2.5.5: less than a year ahead is recommended. */
const EXPIRES_DAYS = 180
const DAY_MS = 24 * 3_600_000

/** To the day, so that a text keeps its ETag for one. */
const expires = (now: number): string =>
  new Date(Math.floor(now / DAY_MS) * DAY_MS + EXPIRES_DAYS * DAY_MS).toISOString()

const SCHEME = /^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/[^\s/]+\S*|tel:\+?[\d().-]+)$/i

/**
 * The contact as a URI that RFC 9116 (2.5.3) allows: `mailto:`, `https:` or `tel:`. An address of mail alone becomes the first.
 * Null for what is none of these.
 */
export function contactUri(text: string | undefined): string | null {
  const trimmed = text?.trim() ?? ''
  if (SCHEME.test(trimmed)) return trimmed
  return /^[^\s@:/]+@[^\s@:/]+$/.test(trimmed) ? `mailto:${trimmed}` : null
}

/** Each probe names this page in what it sends. `base` without a slash at the end. */
export const probingText = (base: string, contact: string, now: number): string =>
  [
    '# You are reading this because a probe of ours has touched a host of yours.',
    `# Our source addresses: ${base}/ip-ranges.txt`,
    `# Is an address ours?  ${base}/ranges`,
    `Canonical: ${base}/.well-known/probing.txt`,
    `Contact: ${contact}`,
    `Expires: ${expires(now)}`,
    'Preferred-Languages: en',
    'Description: Portwitness scans hosts for open ports at the request of those who answer for them, and checks whether the scan was blocked. Write to the contact to have your network left alone.',
    '',
  ].join('\n')

export const securityText = (base: string, contact: string, now: number): string =>
  [
    '# How to tell us of a fault in this service.',
    `# For a probe that touched your host see ${base}/.well-known/probing.txt`,
    `Contact: ${contact}`,
    `Expires: ${expires(now)}`,
    `Canonical: ${base}/.well-known/security.txt`,
    'Preferred-Languages: en',
    '',
  ].join('\n')
