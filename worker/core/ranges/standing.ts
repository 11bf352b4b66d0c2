import type { Standing } from '../../../schema/wire.ts'
import type { RunKind } from '../../../schema/words.ts'
import { day, type Range } from './life.ts'

/** As much of a range as its probes depend on. */
export type Source = Pick<Range, 'cidr' | 'purpose' | 'state' | 'activeFrom' | 'retireAfter'>

/**
 * What a probe may do from its address, by the range that holds it (null: none does). An announced range sends nothing before
 * its day, a retired one nothing any more; until its last day a retiring one is as good as active.
 */
export function standingOf(sourceAddress: string, range: Source | null, now: number): Standing {
  const isOver = range?.state === 'retiring' && (range.retireAfter ?? 0) <= now
  const isUsed = range !== null && (range.state === 'active' || (range.state === 'retiring' && !isOver))
  return {
    range: range?.cidr ?? null,
    state: isOver ? 'retired' : (range?.state ?? 'none'),
    looks: isUsed && range.purpose !== 'webhook',
    scans: isUsed && range.purpose === 'scan',
    until: isUsed ? range.retireAfter : null,
    detail: sentence(sourceAddress, range, isOver),
  }
}

function sentence(sourceAddress: string, range: Source | null, isOver: boolean): string {
  if (!range) return `${sourceAddress} lies in no range that is announced or active.`
  const where = `${sourceAddress} lies in ${range.cidr}, which`
  if (isOver || range.state === 'retired') return `${where} is retired.`
  if (range.state === 'announced') return `${where} is announced and not used before ${day(range.activeFrom)}.`
  if (range.purpose === 'webhook') return `${where} is for notices alone.`
  if (range.purpose === 'recheck') return `${where} is for looking again: no scan comes from it.`
  return range.state === 'retiring' && range.retireAfter !== null
    ? `${where} retires on ${day(range.retireAfter)}.`
    : `${where} is active.`
}

/** Runs that touch a target as a scan does; all others only look. */
export const mayRun = ({ scans, looks }: Pick<Standing, 'scans' | 'looks'>, kind: RunKind): boolean =>
  kind === 'scan' || kind === 'prove' ? scans : looks
