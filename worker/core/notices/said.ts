/** Texts of notices: plain, on one line, within the bounds of their shapes. */
import { printable } from '../../../schema/terminal.ts'

/** At most `max` UTF-16 units, as schemas and most platforms count; never half a character. */
export function said(text: string, max: number): string {
  let cut = printable(text, max)
  for (let points = max; cut.length > max; ) {
    // Each character too many counts twice at most.
    points -= Math.ceil((cut.length - max) / 2)
    cut = printable(text, Math.max(1, points))
  }
  return cut
}

export const iso = (at: number): string => new Date(at).toISOString()
export const maybeIso = (at: number | null): string | null => (at === null ? null : iso(at))
