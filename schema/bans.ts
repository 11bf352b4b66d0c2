import type { Sight } from './words.ts'

/**
 * Lengths of lists that each packet they stop begins anew, in wide use, milliseconds (iptables `recent --update --seconds 60`,
 * nft sets of a minute). A longer silence ends such a ban; a touch before it does so keeps the port shut.
 */
export const SELF_RENEWING_MS: readonly number[] = [60_000]

/** What lists and tables that each touch renews make of one: no answer, a proxy that hangs up, or one that says nothing. */
export const OF_RENEWING: readonly Sight[] = ['unresponsive', 'cut', 'mute']
