/** Proofs of control are renewed before they end: cron looks again, tells when it looks in vain, and when one has lapsed. */

import { sql } from 'drizzle-orm'
import { parseAddress } from '../schema/address.ts'
import { lookAt } from './control.ts'
import { noticeOf, settleUnproved } from './controlEnd.ts'
import { isProvedNow } from './core/control.ts'
import { sendSoon } from './deliver/send.ts'
import { type Control, dueControls, letLapse, readControls, targetAt } from './store/controls.ts'
import { batch } from './store/db.ts'
import { addNotices } from './store/outbox.ts'
import { isStopped } from './store/settings.ts'
import { readTarget, type Target } from './store/targets.ts'
import { knockableNow } from './touchable.ts'
import { whereNow } from './where.ts'
import type { World } from './world.ts'

/** In one tick; each is about ten queries. */
const MOST = 5

export async function watchControl(
  world: World,
  each: (row: Control, job: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const due = await dueControls(world.db, world.now, MOST)
  if (due.length === 0 || (await isStopped(world.db))) return
  for (const row of due) await each(row, () => renew(world, row))
}

async function renew(world: World, row: Control): Promise<void> {
  const { db, now } = world
  const target = await targetOf(world, row)
  if (!isProvedNow(row, now)) return lapse(world, row, target)
  // Nobody scans it any more, or its owner wants nothing of us: what is proved goes on to its end.
  if (!target || !(await mayLookAt(world, target, row))) {
    await batch(db, [letLapse(db, row.tenantId, row.subject)])
    return
  }
  await lookAt(world, target, [row])
  if (row.method !== 'reverse_dns') return
  const after = (await readControls(db, row.tenantId, [row.subject])).get(row.subject)
  if (!after?.problem) return settleUnproved(world, row.tenantId, target.id, 'control')
  await tell(world, row, after, target)
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
