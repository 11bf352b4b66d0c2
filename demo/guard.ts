/**
 * A small intrusion prevention tool, as hosts have them: it counts connections by source address in a sliding window and
 * shuts out, for the rest of its life, whoever makes too many. It knows nothing of who scans or watches.
 */
export interface Guard {
  /** Notes one connection; false = this source is shut out. */
  admits(source: string, now: number): boolean
}

export const noGuard: Guard = { admits: () => true }

export function makeGuard({ limit, windowMs }: { limit: number; windowMs: number }): Guard {
  const recent = new Map<string, number[]>()
  const banned = new Set<string>()
  return {
    admits(source, now) {
      if (banned.has(source)) return false
      const times = (recent.get(source) ?? []).filter((at) => at > now - windowMs)
      times.push(now)
      recent.set(source, times)
      if (times.length > limit) banned.add(source)
      return !banned.has(source)
    },
  }
}
