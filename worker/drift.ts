/** The drift watch: once a day, and when the ranges change, each target's allowlist is held against them, before a new one costs a scan. */
import { isPublic, parseAddress } from '../schema/address.ts'
import { derivedId } from '../schema/ids.ts'
import type { OutdatedBy } from '../schema/proof.ts'
import { type DriftRange, type DriftTarget, knownSince, outdatedBy } from './core/drift.ts'
import { allowlistNotice } from './core/notices/fleet.ts'
import {
  type DriftMark,
  type DriftTargetRow,
  rangesInUse,
  readMark,
  targetsAfter,
  writeMark,
  writeOutdated,
} from './store/drift.ts'
import type { Told } from './store/outbox.ts'
import { readPublished } from './store/ranges.ts'
import type { World } from './world.ts'

const DAY_MS = 86_400_000
/** Targets looked at in one tick, and those of them that may be written: each is one batch. */
const AT_ONCE = 200
const MOST_WRITTEN = 25

/**
 * A part of a round: each day has one, and each change of the ranges, for one that is used at once is told at once. Nothing
 * but one small read when it is over.
 */
export async function watchDrift(world: World): Promise<void> {
  const { db, now } = world
  const { mark, serial } = await readMark(db)
  const round = roundAfter(mark, Math.floor(now / DAY_MS), serial)
  if (!round) return
  const from: [string, string] = round.after ?? ['', '']
  const [ranges, targets] = await Promise.all([rangesInUse(db), targetsAfter(db, from, AT_ONCE)])
  let written = 0
  let last: DriftTargetRow | null = null
  for (const target of targets) {
    if (written === MOST_WRITTEN) break
    if (await lookAt(world, target, ranges)) written += 1
    last = target
  }
  const isOver = targets.length < AT_ONCE && last === (targets.at(-1) ?? null)
  await writeMark(db, { ...round, after: isOver || !last ? null : [last.tenantId, last.id] }, now)
}

/**
 * The round that goes on, or the next; null when none is due. One that goes on stays that of the log as it was when it began:
 * the targets it has passed know nothing newer, so another follows.
 */
function roundAfter(mark: DriftMark | null, day: number, serial: number): DriftMark | null {
  if (mark && mark.after !== null && mark.day >= day) return mark
  if (mark && mark.day >= day && mark.serial === serial) return null
  return { day: Math.max(day, mark?.day ?? 0), serial, after: null }
}

/** True when it wrote something. */
async function lookAt({ db, now }: World, row: DriftTargetRow, ranges: readonly DriftRange[]): Promise<boolean> {
  const address = parseAddress(row.address)
  const target: DriftTarget = {
    isPrivate: address !== null && !isPublic(address),
    family: address?.family ?? null,
    sites: row.sites,
    provedAt: row.provedAt,
    clearAt: Object.fromEntries(Object.entries(row.lastKnown).map(([site, known]) => [site, known.clearAt ?? null])),
  }
  const list = outdatedBy(target, ranges, row.outdatedBy)
  if (JSON.stringify(list) === JSON.stringify(row.outdatedBy)) return false
  const fresh = list.filter(({ rangeId }) => !row.outdatedBy.some((one) => one.rangeId === rangeId))
  const serial = fresh.length > 0 ? (await readPublished(db)).serial : 0
  const since = knownSince(target)
  const notices = await Promise.all(fresh.map((one) => noticeOf(row, one, since, serial, now)))
  return writeOutdated(db, row, list, notices, now)
}

async function noticeOf(
  row: DriftTargetRow,
  { rangeId, ...missing }: OutdatedBy,
  at: number | null,
  serial: number,
  now: number,
): Promise<Told> {
  const { id, name, address, tags } = row
  const { cidr, site, from } = missing
  const range = {
    cidr,
    site,
    country: null,
    state: from > now ? 'announced' : 'active',
    activeFrom: from,
    retireAfter: null,
  } as const
  return {
    // Once for a target and a range, whatever becomes of either.
    id: await derivedId('ntc', row.id, rangeId, 'outdated'),
    event: allowlistNotice(
      {
        target: { id, name, address, tags },
        confirmed: at === null ? null : { at },
        serial,
        missing: [range],
        issueId: null,
        format: 'plain',
      },
      now,
    ),
  }
}
