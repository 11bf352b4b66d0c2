/** Pages of lists: newest first, from a cursor that names the last row seen. */
export interface Page<T> {
  items: T[]
  nextCursor: string | null
}
export interface PageRequest {
  limit: number
  cursor: { at: number; id: string } | null
}

export const cursorOf = (row: { at: number; id: string }): string => btoa(`${row.at}.${row.id}`)

/** Null when it is no cursor of ours. */
export function readCursor(text: string): { at: number; id: string } | null {
  try {
    const match = /^(\d{1,15})\.([A-Za-z0-9_]{1,60})$/.exec(atob(text))
    return match ? { at: Number(match[1]), id: match[2] ?? '' } : null
  } catch {
    return null
  }
}

/** Of limit + 1 rows read, the page and where it goes on. */
export function pageOf<R extends { id: string }, T>(
  found: readonly R[],
  limit: number,
  at: (row: R) => number,
  shape: (row: R) => T,
): Page<T> {
  const kept = found.slice(0, limit)
  const last = kept.at(-1)
  return {
    items: kept.map(shape),
    nextCursor: last && found.length > limit ? cursorOf({ at: at(last), id: last.id }) : null,
  }
}
