/** One fault, tried many times, and what came of it. */
import type { Count } from './audit/audit.ts'

export interface Row {
  fault: string
  tried: number
  lost: number
  doubled: number
  /** what else was seen, in a few words */
  note: string
  /** what does not hold; empty when all does */
  short: string[]
}

export interface Drill {
  name: string
  run(options: { quick: boolean }): Promise<Row[]>
}

/** A row whose losses and doubles come from an audit. */
export function audited(fault: string, tried: number, { lost, doubled }: Count, note = '', short: string[] = []): Row {
  const shown = (what: string, list: readonly string[]) =>
    list.length > 0 ? [`${fault}: ${list.length} ${what} (${list.slice(0, 3).join('; ')})`] : []
  return {
    ...{ fault, tried, lost: lost.length, doubled: doubled.length, note },
    short: [...shown('lost', lost), ...shown('doubled', doubled), ...short],
  }
}

/** A row of a fault in which nothing can be lost or doubled but what `short` names. */
export const plain = (fault: string, tried: number, note: string, short: readonly string[]): Row => ({
  ...{ fault, tried, lost: 0, doubled: 0, note },
  short: short.map((one) => `${fault}: ${one}`),
})

export const skipped = (fault: string, why: string): Row => ({
  ...{ fault, tried: 0, lost: 0, doubled: 0, note: `skipped: ${why}`, short: [] },
})

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until it holds; false when it never did. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  patienceMs: number,
  everyMs = 50,
): Promise<boolean> {
  const end = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > end) return false
    await pause(everyMs)
  }
  return true
}

/** Numbers that are the same for the same seed (mulberry32). */
export function luckOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
