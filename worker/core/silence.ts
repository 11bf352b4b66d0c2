/**
 * A sweep that was cut short: while ports were looked for, all that had answered the scanner fell silent. It knows no open port
 * that it could name as lost, or only such as count touches; but others may know some, and what they reach meanwhile was kept
 * from it (baseline.ts, missedPorts).
 */
import type { Alarm } from '../../schema/facts.ts'
import type { Found } from '../../schema/wire.ts'
import type { Look } from './cases.ts'
import { lureIn, type PhantomLooks } from './lure.ts'

export interface Silence {
  address: string
  from: number
  /** the first answer that the scanner got from the address after that; infinite while there is none */
  to: number
}

interface Endpoint {
  found: Found | null
  looks: readonly Look[]
}

/** What no answer is: nothing came back, or a router on the way spoke. */
const MUTE = ['unresponsive', 'unreachable']

/** The silences that alarms tell of, in order. */
export const silencesOf = (
  alarms: readonly Alarm[],
  byAddress: ReadonlyMap<string, readonly Endpoint[]>,
  phantomLooks: PhantomLooks,
): readonly Silence[] =>
  alarms.flatMap(({ at, silenced = [] }) =>
    silenced.map((address) => {
      const isLure = lureIn(phantomLooks.get(address)).some((look) => Math.abs(look.at - at) <= LURED_MS)
      return { address, from: at, to: answeredAfter(at, byAddress.get(address) ?? [], isLure) }
    }),
  )

/** Random high ports are touched as the alarm of a lure goes out. */
const LURED_MS = 5_000

/** What a lure answers is not the address: the probe finds a port only when others refuse again. */
function answeredAfter(at: number, endpoints: readonly Endpoint[], isLure: boolean): number {
  const times = endpoints.flatMap(({ found, looks }) => [
    ...(found ? [found.firstSeenOpenAt] : []),
    ...(isLure ? [] : looks)
      .filter(({ role, sight }) => role === 'scanner' && !MUTE.includes(sight))
      .map((look) => look.at),
  ])
  return Math.min(...times.filter((time) => time > at), Number.POSITIVE_INFINITY)
}

/** Whether the address was silent to the scanner at this time. */
export const isSilent = ({ silences }: { silences: readonly Silence[] }, address: string, at: number): boolean =>
  silences.some((one) => one.address === address && one.from <= at && at < one.to)
