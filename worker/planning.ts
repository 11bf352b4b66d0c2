/** What cron moves: due minutes become scans, waiting scans begin, what had its time goes. Due-ness is data: a tick may be missed or doubled. */

import { newScan } from './ask.ts'
import { numberLines } from './auditLine.ts'
import { dueKey, jitterMs } from './core/schedule.ts'
import { dueBetween, nextDue } from './cron.ts'
import { begin, CEILINGS } from './open.ts'
import { ageRanges } from './ranges.ts'
import { retainAudit } from './store/audit.ts'
import { forgetSent } from './store/ceilings.ts'
import { causeOf } from './store/db.ts'
import { forgetEnrolments } from './store/enrolments.ts'
import { wakeIssues } from './store/issues.ts'
import { forgetNotices } from './store/outbox.ts'
import { addDueScan, endUnbegun, hasDueScan, promote, type Scan, unbegun } from './store/scans.ts'
import { forgetEnded } from './store/sessions.ts'
import { forgetOnce, isStopped } from './store/settings.ts'
import { dueTargets, moveOn, readTarget, type Target } from './store/targets.ts'
import type { World } from './world.ts'

/** A missed tick's minutes are caught up this far back; of older ones only the latest. */
const CATCH_UP_MS = 5 * 60_000
/** Scheduled scans start spread over this much, and over a quarter of their period at most. */
const SPREAD_MS = 55_000
const DAY_MS = 24 * 3_600_000
/** Lines of the audit log are kept so long: PCI DSS v4.0 10.5.1 asks for twelve months. */
const AUDIT_MS = 400 * DAY_MS
/** A notice that nobody was there to be told waits for so long. */
const NOTICE_MS = 7 * DAY_MS

/** Does it; what it throws is logged, with the id of what it was about, and keeps nothing else waiting. */
export async function settle(what: string, job: () => Promise<unknown>, id: string | null = null): Promise<void> {
  try {
    await job()
  } catch (error) {
    console.error(JSON.stringify({ event: 'tick.failed', what, id, error: causeOf(error) }))
  }
}

/** The same for each of these, one after the other. */
export async function settleEach<T extends { id: string }>(
  what: string,
  items: readonly T[],
  job: (item: T) => Promise<unknown>,
): Promise<void> {
  for (const item of items) await settle(what, () => job(item), item.id)
}

/** Opens one scan for each due minute and site, of as many targets as `most` scans allow; one target at least. */
export async function openDue(world: World, most: number): Promise<void> {
  const due = await dueTargets(world.db, world.now, most)
  const stopped = due.length > 0 && (await isStopped(world.db))
  let left = most
  await settleEach('open', due, async (target) => {
    if (left > 0) left -= await openTarget(world, target, stopped)
  })
}

/** Answers how many scans were opened, or found open. */
async function openTarget(world: World, target: Target, stopped: boolean): Promise<number> {
  const { db, now } = world
  if (target.nextDueAt === null || target.schedule === null) return 0
  const minutes = dueBetween(target.schedule, target.timezone, target.nextDueAt, now, CATCH_UP_MS)
  const next = nextDue(target.schedule, target.timezone, now)
  const sites = target.sites.length > 0 ? target.sites : ['']
  let skipped = 0
  for (const dueAt of stopped ? [] : minutes)
    for (const site of sites) if (!(await openMinute(world, target, site, dueAt, next))) skipped++
  await moveOn(db, target.tenantId, target.id, target.nextDueAt, next, skipped)
  return stopped ? 0 : minutes.length * sites.length
}

/** False when the minute is skipped: one scan of the site runs and another waits. */
async function openMinute(
  world: World,
  target: Target,
  site: string,
  dueAt: number,
  next: number | null,
): Promise<boolean> {
  const spread = Math.min(SPREAD_MS, ((next ?? dueAt + DAY_MS) - dueAt) / 4)
  const key = dueKey(dueAt)
  const scan = newScan(world, target.tenantId, target, {
    site,
    dueKey: key,
    dueAt: dueAt + Math.floor(jitterMs(target.id, site, dueAt, Math.floor(spread))),
    scannerProbeId: null,
    ports: target.ports,
    profile: target.profile,
    accompanySeconds: null,
    retestOf: null,
    fills: null,
    only: null,
  })
  const opened = await addDueScan(world.db, scan)
  if (opened?.place === 0) await begin(world, target, opened)
  return opened !== null || (await hasDueScan(world.db, target.tenantId, target.id, site, key))
}

/** Scans whose turn has come get their panel and runs: of each tenant in turn, and not beyond its ceiling. */
export const beginWaiting = async (world: World, most: number): Promise<void> =>
  beginEach(world, await unbegun(world.db, most, CEILINGS.tenant))

/** Those that waited behind a scan which has just ended, too; the ceilings that it freed are for the next tick. */
export const beginEach = (world: World, waiting: readonly Scan[]): Promise<void> =>
  settleEach('begin', waiting, (scan) => beginOne(world, scan))

async function beginOne(world: World, scan: Scan): Promise<void> {
  const target = await readTarget(world.db, scan.tenantId, scan.targetId)
  if (target) await begin(world, target, scan)
  else await endUnbegun(world.db, scan, { state: 'cancelled', failure: null }, world.now)
}

/** Lives of ranges, ends of snoozes, and what nobody took up in its time. Writes only where there is something. */
export async function tidy(world: World): Promise<void> {
  await ageRanges(world.db, world.now)
  await wakeIssues(world.db, world.now)
  await promote(world.db)
  await forgetOnce(world.db, world.now - DAY_MS)
  await forgetEnded(world.db, world.now)
  await forgetEnrolments(world.db, world.now - DAY_MS)
  await forgetNotices(world.db, world.now - NOTICE_MS)
  await forgetSent(world.db, world.now)
  await numberLines(world.db)
  // By the day: one pass a day finds something.
  await retainAudit(world.db, Math.floor(world.now / DAY_MS) * DAY_MS - AUDIT_MS)
}
