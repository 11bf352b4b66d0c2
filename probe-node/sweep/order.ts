/** The same seed gives the same order, so a run can be told again. xorshift32, after Marsaglia (2003). */
export function randomOf(seed: number): () => number {
  let x = seed | 0 || 0x9e3779b9
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}

/** Shuffles in place (Fisher and Yates) and returns its argument. */
export function shuffle<T extends unknown[] | Uint16Array>(list: T, random: () => number): T {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const kept = list[i] as T[number]
    list[i] = list[j] as T[number]
    list[j] = kept
  }
  return list
}

/**
 * The order of a sweep: the ports most often open first, each part shuffled. What is likely open is found early, so
 * the panel can take its baseline while the long rest is still being tried.
 */
export function sweepOrder(ports: Uint16Array, first: readonly number[], seed: number): Uint16Array {
  // A table instead of a set: the order of 65,535 ports stands between the lease and the first connect.
  const isLikely = new Uint8Array(65_536)
  for (const port of first) isLikely[port] = 1
  const order = new Uint16Array(ports.length)
  let front = 0
  let back = ports.length
  for (const port of ports) order[isLikely[port] === 1 ? front++ : --back] = port
  const random = randomOf(seed)
  shuffle(order.subarray(0, front), random)
  shuffle(order.subarray(front), random)
  return order
}

/**
 * The order of what is taken up again. What accepted once comes first: one open port that may be touched freely tells a limit
 * from a ban, and of what has room again the first connects get most.
 */
export const orderAgain = (accepted: Iterable<number>, again: Iterable<number>): Uint16Array =>
  Uint16Array.from(new Set([...accepted, ...again]))
