import type { Check } from './check.ts'
import { exchange, touchedBy } from './exchange.ts'

/** Daemons and filters that accept only to hang up do so within a few round trips; a silent service keeps the line. */
const CUT_WITHIN_MS = 250

/** A bare connect. Open when the connection lasts, or when any byte comes. */
export const tcp: Check = async (options) => {
  const seen = await exchange(options, { waitMs: CUT_WITHIN_MS, enough: () => true })
  const touched = await touchedBy('tcp', options, seen)
  // Silence after the handshake is what a bare connect expects.
  return touched.sight === 'mute'
    ? { ...touched, sight: 'open', afterMs: touched.connectMs ?? touched.afterMs }
    : touched
}
