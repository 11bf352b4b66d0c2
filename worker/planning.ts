/** What cron moves: due minutes become scans, waiting scans begin, what is old goes. Due-ness is data: a tick may be missed or doubled. */
import { dueKey, jitterMs } from './core/schedule.ts'
import { dueBetween, nextDue } from './cron.ts'
import { begin, newScan } from './open.ts'
import { forgetEnrolments } from './store/enrolments.ts'
import { wakeIssues } from './store/issues.ts'
import { ageRanges } from './store/ranges.ts'
import { addDueScan, endUnbegun, hasDueScan, promote, unbegun } from './store/scans.ts'
import { forgetOnce, isStopped } from './store/settings.ts'
import { dueTargets, moveOn, readTarget, type Target } from './store/targets.ts'
import type { World } from './world.ts'

const A_TICK = 100
/** A missed tick's minutes are caught up this far back; of older ones only the latest. */
const CATCH_UP_MS = 5 * 60_000
/** Scheduled scans start spread over this much, and over a quarter of their period at most. */
const SPREAD_MS = 55_000
const DAY_MS = 24 * 3_600_000

/** Opens one scan for each due minute and site. */
export async function openDue(world: World): Promise<void> {
  const due = await dueTargets(world.db, world.now, A_TICK)
  const stopped = due.length > 0 && (await isStopped(world.db))
  for (const target of due) await openTarget(world, target, stopped)
}

async function openTarget(world: World, target: Target, stopped: boolean): Promise<void> {
  const { db, now } = world
  if (target.nextDueAt === null || target.schedule === null) return
  const minutes = dueBetween(target.schedule, target.timezone, target.nextDueAt, now, CATCH_UP_MS)
  const next = nextDue(target.schedule, target.timezone, now)
  let skipped = 0
  for (const dueAt of stopped ? [] : minutes)
    for (const site of target.sites.length > 0 ? target.sites : [''])
      if (!(await openMinute(world, target, site, dueAt, next))) skipped++
  await moveOn(db, target.tenantId, target.id, target.nextDueAt, next, skipped)
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
    only: null,
  })
  const opened = await addDueScan(world.db, scan)
  if (opened?.place === 0) await begin(world, target, opened)
  return opened !== null || (await hasDueScan(world.db, target.tenantId, target.id, site, key))
}

/** Scans whose turn has come get their panel and runs. */
export async function beginWaiting(world: World): Promise<void> {
  for (const scan of await unbegun(world.db, A_TICK)) {
    const target = await readTarget(world.db, scan.tenantId, scan.targetId)
    if (target) await begin(world, target, scan)
    else await endUnbegun(world.db, scan, { state: 'cancelled', failure: null }, world.now)
  }
}

/** Lives of ranges, ends of snoozes, and what nobody took up in its time. Writes only where there is something. */
export async function tidy(world: World): Promise<void> {
  await ageRanges(world.db, world.now)
  await wakeIssues(world.db, world.now)
  await promote(world.db)
  await forgetOnce(world.db, world.now - DAY_MS)
  await forgetEnrolments(world.db, world.now - DAY_MS)
}
