import { isRationed } from '../schema/service.ts'
import type { Service } from '../schema/words.ts'

/**
 * SSH, mail, FTP, VNC and MySQL servers count every connection without a login against its source. Whatever a plan says, this process
 * makes at most two touches in 10 s and four in 10 min of such an endpoint (design.md, section 3.4).
 */
export interface Ration {
  /** Takes one touch from the ration; false when there is none left. Services that do not count always get it. */
  take(endpoint: { address: string; port: number }, service: Service): boolean
  /** Counts a touch that was made before the service was known. */
  count(endpoint: { address: string; port: number }): void
}

/** By their numbers services that count connections, as long as nothing more is known. */
export const COUNTING_PORTS: readonly number[] = [21, 22, 25, 26, 110, 143, 465, 587, 990, 993, 995, 2121, 2222, 2525]

const RULES = [
  { touches: 2, withinMs: 10_000 },
  { touches: 4, withinMs: 600_000 },
] as const
const LONGEST_MS = 600_000
const MOST_ENDPOINTS = 20_000

export function createRation(now: () => number = () => performance.now()): Ration {
  const touchesOf = new Map<string, number[]>()
  const keyOf = ({ address, port }: { address: string; port: number }) => `${address} ${port}`
  const recent = (key: string) => (touchesOf.get(key) ?? []).filter((at) => now() - at < LONGEST_MS)
  const add = (key: string, touches: number[]) => {
    touchesOf.delete(key) // the map is in order of last use
    touchesOf.set(key, [...touches, now()])
    if (touchesOf.size > MOST_ENDPOINTS) touchesOf.delete(touchesOf.keys().next().value as string)
  }
  return {
    take(endpoint, service) {
      if (!isRationed(service)) return true
      const key = keyOf(endpoint)
      const touches = recent(key)
      const isOver = RULES.some((rule) => touches.filter((at) => now() - at < rule.withinMs).length >= rule.touches)
      if (!isOver) add(key, touches)
      return !isOver
    },
    count(endpoint) {
      const key = keyOf(endpoint)
      add(key, recent(key))
    },
  }
}
