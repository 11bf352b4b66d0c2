/** How long what is kept. Cron forgets in small steps: a few scans at a time, in the order of their keys, round and round. */
import * as v from 'valibot'
import { DEFAULT_RETENTION, Retention } from '../schema/backup.ts'
import type { Db } from './store/db.ts'
import { forgetFacts, forgetOutput, type OldScan, panelOf, scansAfter } from './store/forget.ts'
import { readSetting, writeSetting } from './store/settings.ts'
import type { World } from './world.ts'

const DAY_MS = 86_400_000
/** Scans looked at in one step, and those of them that are forgotten: about five queries each. */
const LOOKED_AT = 100
const FORGOTTEN = 10
const EVERY_MS = 10 * 60_000
/** R2 deletes up to 1,000 keys in one call; a scan has an object for each scanner's run and one of output. */
const OBJECTS = 1_000

/** As it is kept among the settings; null where nothing was set. */
export function retentionOf(text: string | null): Retention {
  const read = v.safeParse(Retention, JSON.parse(text ?? 'null'))
  return read.success ? read.output : DEFAULT_RETENTION
}
export const readRetention = async (db: Db): Promise<Retention> => retentionOf(await readSetting(db, 'retention'))

export const writeRetention = ({ db, now }: World, retention: Retention): Promise<void> =>
  writeSetting(db, 'retention', JSON.stringify(retention), now)

/** One step, every ten minutes. Twice the same step does no harm; one that is cut off is done again. */
export async function forgetOld(world: World): Promise<void> {
  const { db, now } = world
  const place = JSON.parse((await readSetting(db, 'forgetting')) ?? 'null') as {
    after: [string, string]
    at: number
  } | null
  if (place && now - place.at < EVERY_MS) return
  const { factsDays, rawDays } = await readRetention(db)
  const found = await scansAfter(db, place?.after ?? ['', ''], LOOKED_AT)
  let forgotten = 0
  let last: OldScan | null = null
  for (const scan of found) {
    const age = scan.finishedAt === null ? 0 : now - scan.finishedAt
    const drops = {
      raw: scan.hasRaw === 1 && age > rawDays * DAY_MS,
      facts: (scan.hasRuns === 1 || scan.isLook === 1) && age > factsDays * DAY_MS,
    }
    if ((drops.raw || drops.facts) && ++forgotten > FORGOTTEN) break
    if (drops.raw) await forgetRaw(world, scan)
    if (drops.facts) await forgetFacts(db, scan, await panelOf(db, scan))
    last = scan
  }
  // At the end of the list, or with nothing in it, it begins anew.
  const isOver = found.length < LOOKED_AT && last === (found.at(-1) ?? null)
  if (found.length === 0 && place === null) return
  const after = isOver || !last ? ['', ''] : [last.tenantId, last.id]
  await writeSetting(db, 'forgetting', JSON.stringify({ after, at: now }), now)
}

async function forgetRaw({ db, raw }: World, scan: OldScan): Promise<void> {
  const { objects } = await raw.list({ prefix: `${scan.tenantId}/${scan.id}/`, limit: OBJECTS })
  if (objects.length > 0) await raw.delete(objects.map(({ key }) => key))
  await forgetOutput(db, scan)
}
