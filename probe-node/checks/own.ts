/** Connections of this process, by their ends: in the kernel's list they stand among those of others. */

/** TIME_WAIT lasts 60 s on Linux; a connection may be kept for a while before. */
const KEPT_MS = 180_000
const made = new Map<string, number>()

const endsOf = (sourcePort: number, address: string, port: number): string => `${sourcePort} ${address} ${port}`

export function noteOwn(sourcePort: number, address: string, port: number): void {
  const now = performance.now()
  // Oldest first: a map keeps the order in which its keys came.
  for (const [ends, at] of made) {
    if (now - at < KEPT_MS) break
    made.delete(ends)
  }
  const ends = endsOf(sourcePort, address, port)
  made.delete(ends)
  made.set(ends, now)
}

export const isOwn = (sourcePort: number, address: string, port: number): boolean =>
  made.has(endsOf(sourcePort, address, port))
