/** Which probes are away: told once, after a while, and once more when they are back. */
import { derivedId } from '../schema/ids.ts'
import { offlineNotice, onlineNotice, type ToldProbe } from './core/notices/fleet.ts'
import { sendSoon } from './deliver/send.ts'
import { OPERATOR } from './store/keys.ts'
import { awayProbes, backProbes, forgetMiss, noteMiss, type Probe, tellBack, tellOffline } from './store/probes.ts'
import type { World } from './world.ts'

/** A probe is missed when it is not online any more; so long after that it is told to be offline. */
const SURE_MS = 150_000
/** A miss older than this was noted before the Worker itself was away: it says nothing. */
const STALE_MS = 10 * 60_000
const MOST = 50

/**
 * Nothing is told from one look: the Worker may have been away itself, and then every probe looks so. A probe that is
 * drained is expected to go.
 */
export async function watchFleet(world: World): Promise<void> {
  const { db, now } = world
  let isNews = false
  for (const probe of await awayProbes(db, now, MOST)) {
    const missed = probe.missedAt
    if (missed === null || missed < now - STALE_MS || missed < probe.seenAt) await noteMiss(db, probe.id, now)
    else if (missed <= now - SURE_MS) {
      const id = await derivedId('ntc', probe.id, 'offline', probe.seenAt)
      await tellOffline(db, probe, (scans) => ({ id, event: offlineNotice(told(probe), scans, now) }), now)
      isNews = true
    }
  }
  for (const probe of await backProbes(db, now, MOST)) {
    if (probe.offlineAt === null) {
      await forgetMiss(db, probe.id)
      continue
    }
    const id = await derivedId('ntc', probe.id, 'online', probe.offlineAt)
    // It was last heard of before it was missed.
    await tellBack(db, probe, { id, event: onlineNotice(told(probe), probe.missedAt, now) }, now)
    isNews = true
  }
  if (isNews) sendSoon(world, OPERATOR)
}

const told = ({ id, site, sourceAddress, country, provider, seenAt }: Probe): ToldProbe => ({
  id,
  site,
  sourceAddress,
  country,
  provider,
  seenAt,
})
