/** What a finished scan says of the probes that made it; and quarantine. */
import { derivedId } from '../schema/ids.ts'
import { audited } from './audited.ts'
import { distrustNotice, trustNotice } from './core/notices/fleet.ts'
import { heldAgainst, QUARANTINE_AT } from './core/trust.ts'
import { sendSoon } from './deliver/send.ts'
import { forgetProbe } from './guards/probe.ts'
import { batch, causeOf } from './store/db.ts'
import type { Snapshot } from './store/facts.ts'
import { OPERATOR } from './store/keys.ts'
import { readProbe } from './store/probes.ts'
import { canariesAt, countScansOf, liftQuarantine, noteRecord, quarantine, recordsOf } from './store/trust.ts'
import type { World } from './world.ts'

/** Never fails: a scan has ended by then. Writes only where something is held against a probe, or less than before. */
export const weigh = (world: World, snapshot: Snapshot): Promise<void> =>
  weighed(world, snapshot).catch((error: unknown) =>
    console.error(JSON.stringify({ event: 'weigh.failed', id: snapshot.scan.id, error: causeOf(error) })),
  )

async function weighed(world: World, { facts, scan }: Snapshot): Promise<void> {
  const truths = await canariesAt(world.db, facts.addresses)
  const before = await recordsOf(
    world.db,
    facts.panel.map(({ probeId }) => probeId),
  )
  const held = heldAgainst(facts, truths, before, scan.tenantId === OPERATOR ? '' : scan.tenantId)
  const liars = held.filter(({ score, reason }) => score >= QUARANTINE_AT && reason !== null)
  const rest = held.filter((one) => !liars.includes(one))
  if (rest.length > 0)
    await batch(
      world.db,
      rest.map((one) => noteRecord(world.db, one.probeId, one)),
    )
  for (const { probeId, score, reason } of liars) await lockUp(world, probeId, reason ?? '', score)
}

/** No lease, no voice; the verdicts that it carried are judged again without it. */
export async function lockUp(world: World, probeId: string, reason: string, score: number): Promise<void> {
  const deed = {
    tenantId: OPERATOR,
    actor: 'line',
    deed: 'quarantine',
    subject: probeId,
    asked: reason,
    now: world.now,
    urgent: true,
  }
  const { db, settle } = audited(world.db, deed)
  const probe = await readProbe(db, probeId)
  const touched = await countScansOf(db, probeId)
  const id = await derivedId('ntc', probeId, 'quarantined', world.now)
  const notice = probe && { id, event: distrustNotice(probe, reason, touched, world.now) }
  await batch(db, quarantine(db, probeId, { reason, score, notice }, world.now))
  forgetProbe(probeId)
  await settle()
  sendSoon(world, OPERATOR)
  console.warn(JSON.stringify({ event: 'probe.quarantined', probeId, score }))
  world.ring([probeId])
}

/** Its operator believes it again. */
export async function letGo(world: World, probeId: string): Promise<void> {
  const { db, now } = world
  const probe = await readProbe(db, probeId)
  const since = probe?.quarantinedAt ?? null
  const notice = probe &&
    since !== null && { id: await derivedId('ntc', probeId, 'trusted', since), event: trustNotice(probe, since, now) }
  await liftQuarantine(db, probeId, notice || null, now)
  if (notice) sendSoon(world, OPERATOR)
}
