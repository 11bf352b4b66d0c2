/**
 * Canaries are scanned as any target is: by a schedule, by ordinary runs, with a panel. A probe cannot tell such a run from the
 * others, which is the point. Here the target behind the canaries of an address is kept.
 */
import { formatPorts } from '../schema/ports.ts'
import { nextDue } from './cron.ts'
import { OPERATOR } from './store/keys.ts'
import { addTarget, changeTarget, removeTarget, targetsTagged } from './store/targets.ts'
import { canariesAt } from './store/trust.ts'
import type { World } from './world.ts'

/** Of the operator's targets, those with this tag have a scanner in turn: each probe is put to the proof in time. */
export const CANARY_TAG = 'canary'
/** Once an hour, unless its operator changes the target: a fleet of 24 has scanned each within a day. */
const SCHEDULE = '17 * * * *'
const RATE = 300

/** Makes, changes or removes the target of this address, so that it has the ports of its canaries. */
export async function keepCanaryTarget(world: World, address: string): Promise<void> {
  const { db, now } = world
  const ports = formatPorts((await canariesAt(db, [address])).map(({ port }) => port))
  const [target] = await targetsTagged(db, OPERATOR, address, CANARY_TAG)
  if (ports === '') {
    if (target) await removeTarget(db, OPERATOR, target.id, now)
  } else if (target) await changeTarget(db, OPERATOR, target.id, { ports })
  else
    await addTarget(
      db,
      OPERATOR,
      {
        ...{ address, name: 'canary', ports, schedule: SCHEDULE, timezone: 'UTC', sites: [], profile: 'discovery' },
        ...{ maxConnectsPerSecond: RATE, anchors: [], tags: [CANARY_TAG], proofHeader: 'tenant' },
        nextDueAt: nextDue(SCHEDULE, 'UTC', now),
      },
      now,
    )
}
