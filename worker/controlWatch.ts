/** Proofs of control are renewed before they end: cron looks again, tells when it looks in vain, and when one has lapsed. */

import { sql } from 'drizzle-orm'
import { parseAddress } from '../schema/address.ts'
import { lookAt } from './control.ts'
import { noticeOf, settleUnproved } from './controlEnd.ts'
import { isProvedNow } from './core/control.ts'
import { sendSoon } from './deliver/send.ts'
import { type Control, dueControls, letLapse, putOff, readControls, targetAt } from './store/controls.ts'
import { batch } from './store/db.ts'
import { addNotices } from './store/outbox.ts'
import { isStopped } from './store/settings.ts'
import { readTarget, type Target } from './store/targets.ts'
import { knockableNow } from './touchable.ts'
import { whereNow } from './where.ts'
import type { World } from './world.ts'

/** Targets in one tick; each is about ten queries. */
const MOST = 5
/** What cannot be looked at now is looked at again so much later. */
const PUT_OFF_MS = 10 * 60_000

export async function watchControl(
  world: World,
  each: (rows: readonly Control[], job: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const due = await dueControls(world.db, world.now, MOST)
  if (due.length === 0 || (await isStopped(world.db))) return
  for (const rows of due) await each(rows, () => renewAll(world, rows))
}

/** All that is due of one target: one look at a time is under way there. */
async function renewAll(world: World, rows: readonly Control[]): Promise<void> {
  const wanted: { row: Control; target: Target }[] = []
  for (const row of rows) {
    const target = await targetOf(world, row)
    if (!isProvedNow(row, world.now)) await lapse(world, row, target)
    else if (target && (await mayLookAt(world, target, row))) wanted.push({ row, target })
    // Nobody scans it any more, or its owner wants nothing of us: what is proved goes on to its end.
    else await batch(world.db, [letLapse(world.db, row.tenantId, row.subject)])
  }
  // Of a target that is gone another of the tenant's may stand for each address.
  for (const targetId of new Set(wanted.map(({ target }) => target.id))) {
    const its = wanted.filter(({ target }) => target.id === targetId)
    const [first] = its
    if (first)
      await renew(
        world,
        first.target,
        its.map(({ row }) => row),
      )
  }
}

async function renew(world: World, target: Target, rows: readonly Control[]): Promise<void> {
  const { db, now } = world
  const subjects = rows.map(({ subject }) => subject)
  try {
    await lookAt(world, target, rows)
  } catch (error) {
    // One is under way, or the tenant had its looks for this hour, or the network is busy: not for ever.
    await batch(db, [putOff(db, target.tenantId, subjects, now + PUT_OFF_MS)])
    throw error
  }
  const byName = rows.filter(({ method }) => method === 'reverse_dns')
  if (byName.length === 0) return
  const after = await readControls(db, target.tenantId, subjects)
  for (const row of byName) {
    const found = after.get(row.subject)
    if (found?.problem) await tell(world, row, found, target)
  }
  await settleUnproved(world, target.tenantId, target.id, 'control')
}

async function lapse(world: World, row: Control, target: Target | null): Promise<void> {
  const { db, tenantId } = { db: world.db, tenantId: row.tenantId }
  await batch(db, [letLapse(db, tenantId, row.subject)])
  if (target) await tell(world, row, row, target)
}

/** What was found since `before`. */
async function tell(world: World, before: Control, { problem }: Control, target: Target): Promise<void> {
  const trouble = problem ?? { code: 'no_report', detail: 'It was not looked at in time.' }
  const notices = await noticeOf(before, trouble, target, world.now)
  await batch(world.db, [addNotices(world.db, before.tenantId, notices, sql`1`, world.now)])
  sendSoon(world, before.tenantId)
}

async function targetOf({ db }: World, { tenantId, targetId, subject }: Control): Promise<Target | null> {
  const asked = await readTarget(db, tenantId, targetId)
  if (asked) return asked
  const other = await targetAt(db, tenantId, subject)
  return other === null ? null : readTarget(db, tenantId, other)
}

/** The target still leads there, and one GET may be sent. */
async function mayLookAt(world: World, target: Target, { subject }: Control): Promise<boolean> {
  const address = parseAddress(subject)
  if (!address || (await knockableNow(world))(address) !== null) return false
  const where = await whereNow(world, target).catch(() => null)
  return where === null || where.some(({ text }) => text === address.text)
}
