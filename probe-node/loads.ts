/**
 * The search for ports as a load. What only the search meets, a limit on new connections, is seen by touches amid it; a scan that
 * met one lends its search to the run that makes them.
 */

/** Searches at this rate, whatever comes of it, until the signal aborts. */
export type Load = (perSecond: number, signal: AbortSignal) => Promise<void>

export interface Loads {
  /** From now on the search of this address may be borrowed, until the answer is called. */
  lend(scanId: string, address: string, load: Load): () => void
  /** Null when there is none to borrow. Resolves when it is over. */
  borrow(scanId: string, address: string, perSecond: number, signal: AbortSignal): Promise<void> | null
}

export function createLoads(): Loads {
  const lent = new Map<string, Load>()
  return {
    lend(scanId, address, load) {
      const key = `${scanId} ${address}`
      lent.set(key, load)
      return () => void lent.delete(key)
    },
    borrow: (scanId, address, perSecond, signal) => lent.get(`${scanId} ${address}`)?.(perSecond, signal) ?? null,
  }
}
