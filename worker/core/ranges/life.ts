/**
 * The life of a range: announced, active, retiring, retired. Who opens a firewall for us must know of a range before its first
 * packet and may forget it after its last: hence the notice before and the grace after.
 */
import type { LoggedRange } from '../../../schema/ranges.ts'
import type { RangeDeed, RangePurpose, RangeState } from '../../../schema/words.ts'

export type Range = LoggedRange
/** How long before its first packet a public range is announced, and how long one that retires is still scanned from (design: 30 days). */
export const NOTICE_MS = 30 * 24 * 3_600_000

/** Why a change is not made: the field of the request that asks for it, and what is in its way. */
export interface Objection {
  field: string
  detail: string
}
export type Changed = { range: Range } | { objection: Objection }

/** What is said of a range that begins its life, or begins it again. */
export interface Wish {
  id: string
  cidr: string
  firstKey: string
  lastKey: string
  site: string
  country: string | null
  provider: string | null
  purpose: RangePurpose
  isPublic: boolean
  activeFrom: number | null
  skipNotice: boolean
}

/** A new range: announced, or active at once where it is private or its notice is skipped. */
export function announced({ activeFrom, skipNotice, isPublic, ...told }: Wish, now: number): Changed {
  const atOnce = !isPublic || (skipNotice && (activeFrom ?? now) <= now)
  const from = atOnce ? now : (activeFrom ?? now + NOTICE_MS)
  const objection = atOnce ? null : earlier(from, skipNotice, now)
  if (objection) return { objection }
  const state = atOnce ? 'active' : 'announced'
  return {
    range: { ...told, state, isPublic: isPublic ? 1 : 0, announcedAt: now, activeFrom: from, retireAfter: null },
  }
}

/** A day may be set freely where the notice is skipped, and otherwise leaves its whole length. */
function earlier(activeFrom: number, skipNotice: boolean, now: number): Objection | null {
  if (skipNotice || activeFrom >= now + NOTICE_MS) return null
  return {
    field: 'activeFrom',
    detail: `must leave 30 days of notice, so ${day(now + NOTICE_MS)} or later; with skipNotice it may be sooner`,
  }
}

/** How far what comes from a range may go: each purpose may all that those of a lower number may. */
const REACH: Record<RangePurpose, number> = { webhook: 0, recheck: 1, scan: 2 }

/** Whether an allowlist must hold it: something that touches targets comes from it, or will. */
export const touchesTargets = ({ purpose, state }: Pick<Range, 'purpose' | 'state'>): boolean =>
  state !== 'retired' && purpose !== 'webhook'

/** What may follow what. Each name is a state that the range may be brought to by hand. */
const NEXT: Record<RangeState, readonly RangeState[]> = {
  announced: ['active', 'retired'],
  active: ['retiring'],
  retiring: ['active', 'retired'],
  retired: ['announced'],
}

export interface Move {
  state?: RangeState
  site?: string
  country?: string | null
  provider?: string | null
  purpose?: RangePurpose
  activeFrom?: number
  retireAfter?: number
  skipNotice?: boolean
}

/**
 * The range after a change that somebody asks for. A move that its life does not have is an objection that names those it has.
 * What time has moved already counts, noted or not: a range whose last day is over is not active again without a new notice.
 */
export function moved(
  noted: Range,
  { state, activeFrom, retireAfter, skipNotice = false, ...told }: Move,
  now: number,
): Changed {
  const range = aged(noted, now) ?? noted
  const given = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined))
  const next: Range = { ...range, ...given }
  const to = state ?? range.state
  const times = timesFor(range, to, { activeFrom, retireAfter, skipNotice }, now)
  if ('objection' in times) return times
  const after = { ...next, ...times }
  return isWider(range, after) ? widened(range, after, skipNotice, now) : { range: after }
}

const isWider = (before: Range, after: Range): boolean =>
  before.state !== 'retired' && after.state !== 'retired' && REACH[after.purpose] > REACH[before.purpose]

/** For what it is now for, a range that is used for more is a new one: it wants the notice of a new one. */
function widened(before: Range, after: Range, skipNotice: boolean, now: number): Changed {
  const isTold = after.isPublic === 1 && !skipNotice
  if (after.state === 'announced') {
    const objection = isTold ? earlier(after.activeFrom, skipNotice, now) : null
    return objection ? { objection } : { range: { ...after, announcedAt: now } }
  }
  if (isTold)
    return no(
      'purpose',
      `a range for ${before.purpose} that is in use cannot be for ${after.purpose} without 30 days of notice: retire it and announce it again, or say skipNotice where all have it on their allowlists`,
    )
  return { range: { ...after, announcedAt: now, activeFrom: now } }
}

type Times = Partial<Pick<Range, 'state' | 'announcedAt' | 'activeFrom' | 'retireAfter'>>

function timesFor(
  range: Range,
  to: RangeState,
  { activeFrom, retireAfter, skipNotice }: { activeFrom?: number; retireAfter?: number; skipNotice: boolean },
  now: number,
): Times | { objection: Objection } {
  const from = range.state
  if (to !== from && !NEXT[from].includes(to))
    return no('state', `a range that is ${from} cannot become ${to}: it may become ${NEXT[from].join(' or ')}`)
  if (activeFrom !== undefined && to !== 'announced') return no('activeFrom', 'goes with an announced range only')
  if (retireAfter !== undefined && to !== 'retiring') return no('retireAfter', 'goes with a retiring range only')
  switch (to) {
    case 'announced': {
      if (from === 'announced') return postponed(range, activeFrom ?? range.activeFrom, skipNotice, now)
      const begun = announced(
        { ...range, isPublic: range.isPublic === 1, activeFrom: activeFrom ?? null, skipNotice },
        now,
      )
      if ('objection' in begun) return begun
      return { ...pick(begun.range) }
    }
    case 'active':
      if (from === 'active') return {}
      if (from === 'announced' && range.activeFrom > now && !skipNotice)
        return no('state', `its notice lasts until ${day(range.activeFrom)}; with skipNotice it may be active sooner`)
      return { state: 'active', retireAfter: null, ...(from === 'announced' ? { activeFrom: now } : {}) }
    case 'retiring': {
      if (retireAfter !== undefined && retireAfter < now) return no('retireAfter', 'has passed already')
      const until = retireAfter ?? (from === 'retiring' ? range.retireAfter : null) ?? now + NOTICE_MS
      return { state: 'retiring', retireAfter: until }
    }
    case 'retired':
      // Where it ends before its day, the log says when it really ended.
      return from === 'retired' ? {} : { state: 'retired', retireAfter: Math.min(range.retireAfter ?? now, now) }
  }
}

/** A later day is always enough notice; an earlier one must leave it from the day on which it is said. */
function postponed(
  range: Range,
  activeFrom: number,
  skipNotice: boolean,
  now: number,
): Times | { objection: Objection } {
  const objection = activeFrom < range.activeFrom ? earlier(activeFrom, skipNotice, now) : null
  if (objection) return { objection }
  return activeFrom <= now ? { state: 'active', activeFrom: now } : { activeFrom }
}

const pick = ({ state, announcedAt, activeFrom, retireAfter }: Range): Times => ({
  state,
  announcedAt,
  activeFrom,
  retireAfter,
})
const no = (field: string, detail: string) => ({ objection: { field, detail } })

/** The range once its time has come; null while it has not. */
export function aged(range: Range, now: number): Range | null {
  if (range.state === 'announced' && range.activeFrom <= now) return { ...range, state: 'active' }
  if (range.state === 'retiring' && (range.retireAfter ?? now) <= now) return { ...range, state: 'retired' }
  return null
}

/** What the log calls the step from one to the other; null when nothing changed. */
export function deedOf(before: Range | null, after: Range): RangeDeed | null {
  if (!before || before.state !== after.state) return after.state
  if (before.purpose !== after.purpose) return 'repurposed'
  return JSON.stringify(words(before)) === JSON.stringify(words(after)) ? null : 'changed'
}
const words = ({ site, country, provider, activeFrom, retireAfter }: Range) => [
  ...[site, country, provider],
  ...[activeFrom, retireAfter],
]

/** `2026-12-28` */
export const day = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** Private ranges never appear in what is published, nor do retired ones. */
export const isPublished = (range: Pick<Range, 'isPublic' | 'state'>): boolean =>
  range.isPublic === 1 && range.state !== 'retired'
