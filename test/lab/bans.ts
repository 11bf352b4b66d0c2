/** How long each ban of the scanner lasted, by the defence's own list: looks at that list, one after the other. Pure. */

/** One look: who was on the list, and until when, as far as it says so. */
export interface Look {
  at: Date
  listed: ReadonlyMap<string, Date | null>
}

export interface Ban {
  from: Date
  /** the last look that found it, or the end that the list itself named */
  until: Date
  /** by how many lengths of a ban it went beyond the end that it had when the port was lost */
  renewals: number
}

const ADDRESS = /10\.203\.[1-9]\.\d+(?:\/\d+)?/
const EXPIRES = /expires ((?:\d+(?:ms|[dhms]))+)/
const FAIL2BAN_END = /= (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)/
const UNIT_MS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }
/** Looks are two seconds apart, and each takes a while. */
const SLACK_MS = 5_000

/** Reads what a list prints: every address of the probes' networks, with the end that nft or fail2ban gives beside it. */
export function read(text: string, at: Date): Look {
  const listed = new Map<string, Date | null>()
  // One entry from each address to the next one, whether they stand in lines or side by side.
  for (const entry of text.split(new RegExp(`(?=\\b${ADDRESS.source})`))) {
    const address = ADDRESS.exec(entry)?.[0]
    if (!address) continue
    const expires = EXPIRES.exec(entry)?.[1]
    const fail2banEnd = FAIL2BAN_END.exec(entry)?.[1]
    if (expires) listed.set(address, new Date(at.getTime() + msOf(expires)))
    else if (fail2banEnd) listed.set(address, new Date(fail2banEnd))
    else if (!listed.has(address)) listed.set(address, null)
  }
  return { at, listed }
}

const msOf = (span: string): number =>
  [...span.matchAll(/(\d+)(ms|[dhms])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * (UNIT_MS[unit ?? ''] ?? 0), 0)

/**
 * The bans of an address, each from the first look that found it to the last one running. What moved the end before
 * `lostAt` was the scan itself and does not count; a list without ends is measured by how long it named the address.
 */
export function bansOf(looks: readonly Look[], address: string, banMs: number, lostAt: Date): Ban[] {
  const bans: { at: Date; end: Date | null }[][] = []
  let isOn = false
  for (const { at, listed } of looks) {
    const entry = [...listed].find(([who]) => covers(who, address))
    if (entry && !isOn) bans.push([])
    isOn = entry !== undefined
    if (entry) bans.at(-1)?.push({ at, end: entry[1] })
  }
  return bans.map((ends) => {
    const from = ends[0]?.at ?? lostAt
    const seen = ends.at(-1)?.at ?? from
    const until = ends.at(-1)?.end ?? seen
    const planned = ends.find(({ at, end }) => end !== null && at >= lostAt)?.end?.getTime() ?? from.getTime() + banMs
    const beyond = until.getTime() - planned - SLACK_MS
    return { from, until, renewals: Math.max(0, beyond / banMs) }
  })
}

/** `10.203.1.0/24` and an address of it, or the same address. */
const covers = (entry: string, address: string): boolean =>
  entry.endsWith('/24') ? address.startsWith(entry.replace(/\d+\/24$/, '')) : entry.replace('/32', '') === address
