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
  const random = randomOf(seed)
  const likely = new Set(first)
  const head = ports.filter((port) => likely.has(port))
  const order = new Uint16Array(ports.length)
  order.set(shuffle(head, random))
  order.set(
    shuffle(
      ports.filter((port) => !likely.has(port)),
      random,
    ),
    head.length,
  )
  return order
}
