import { BlockList, isIP } from 'node:net'

/**
 * A small intrusion prevention tool, as hosts have them: it counts connections by source address in a sliding window and
 * shuts out, for the rest of its life, whoever makes too many. It knows nothing of who scans or watches.
 */
export interface Guard {
  /** Notes one connection; false = this source is shut out. */
  admits(source: string, now: number): boolean
}

export const noGuard: Guard = { admits: () => true }

export interface GuardOptions {
  limit: number
  windowMs: number
  /** whom it never shuts out, and lets in again when they are banned */
  isAllowed?: (source: string) => boolean
}

export function makeGuard({ limit, windowMs, isAllowed = () => false }: GuardOptions): Guard {
  const recent = new Map<string, number[]>()
  const banned = new Set<string>()
  return {
    admits(source, now) {
      if (isAllowed(source)) {
        recent.delete(source)
        banned.delete(source)
        return true
      }
      if (banned.has(source)) return false
      const times = (recent.get(source) ?? []).filter((at) => at > now - windowMs)
      times.push(now)
      recent.set(source, times)
      if (times.length > limit) banned.add(source)
      return !banned.has(source)
    },
  }
}

/** An allowlist as text: an address or a network a line, what follows `#` is for people. Lines that say nothing are passed over. */
export function readAllowlist(text: string): (source: string) => boolean {
  const list = new BlockList()
  for (const line of text.split('\n')) {
    const [address = '', bits] = (line.split('#')[0] ?? '').trim().split('/')
    const version = isIP(address)
    const width = Number(bits ?? (version === 4 ? 32 : 128))
    if (version === 0 || !Number.isInteger(width) || width < 0 || width > (version === 4 ? 32 : 128)) continue
    list.addSubnet(address, width, version === 4 ? 'ipv4' : 'ipv6')
  }
  return (source) => list.check(source, isIP(source) === 6 ? 'ipv6' : 'ipv4')
}
