/** The name of a due scan: its minute. (target, site, due key) is unique, so that a doubled tick opens one scan. */
export const dueKey = (dueAt: number): string =>
  new Date(Math.floor(dueAt / 60_000) * 60_000).toISOString().slice(0, 16)

/** Scheduled scans of many targets at the same minute start spread over this much. */
export const SPREAD_MS = 300_000

/**
 * How long after its due minute a scheduled scan starts: 0 to `spreadMs`, always the same for the same target, site and
 * minute (FNV-1a of their text), so that it needs no luck and no store. Give a smaller spread for short periods.
 */
export function jitterMs(targetId: string, site: string, dueAt: number, spreadMs: number = SPREAD_MS): number {
  return spreadMs <= 0 ? 0 : fnv1a(`${targetId}|${site}|${dueKey(dueAt)}`) % spreadMs
}

/** The due scans of a target: one per site, each with its key and the moment it may start. */
export const dueKeys = (
  target: { id: string; sites: readonly string[]; dueAt: number },
  now: number,
  spreadMs: number = SPREAD_MS,
): { site: string; dueKey: string; startAt: number }[] =>
  target.sites
    .map((site) => ({
      site,
      dueKey: dueKey(target.dueAt),
      startAt: target.dueAt + jitterMs(target.id, site, target.dueAt, spreadMs),
    }))
    .filter(({ startAt }) => startAt <= now)

/** 32-bit FNV-1a, with a last mixing so that near texts give far numbers. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}
