/** The end of a look over HTTP: what its probes read is compared with the token, and stored, in one batch, by one judge. */

import { parseAddress } from '../schema/address.ts'
import type { ControlTrouble } from '../schema/control.ts'
import { derivedId } from '../schema/ids.ts'
import { afterLook, isProvedNow, judgeViews, type View } from './core/control.ts'
import { controlNotice } from './core/notices/control.ts'
import { sendSoon } from './deliver/send.ts'
import { type Control, closeUnproved, endLook, type Look, noteFound, readControls } from './store/controls.ts'
import { batch, changed } from './store/db.ts'
import type { Snapshot } from './store/facts.ts'
import { addNotices, type Told } from './store/outbox.ts'
import { type Closing, endRuns, type Run } from './store/runs.ts'
import { ended } from './store/scans.ts'
import { readTarget, type Target } from './store/targets.ts'
import { touchableNow } from './touchable.ts'
import type { World } from './world.ts'

/** Ends the look when all of its probes are home, when its time is up, or when it was stopped: that proves and disproves nothing. */
export async function judgeLook(world: World, { runs, target }: Snapshot, look: Look): Promise<void> {
  const { db, now } = world
  if (look.finishedAt !== null) return
  const isStopped = look.cancelAsked === 1
  const isOver = look.deadlineAt <= now || runs.every(({ endedAt }) => endedAt !== null)
  if (!isStopped && !isOver) return
  const token = crypto.randomUUID()
  const guard = ended(look, token)
  const found = isStopped ? [] : await foundBy(world, runs, look)
  const notices = (await Promise.all(found.map(({ row, trouble }) => noticeOf(row, trouble, target, now)))).flat()
  const answers = await batch(db, [
    endLook(
      db,
      look,
      isStopped
        ? { state: 'cancelled', token, failure: { code: 'stopped', detail: 'It was stopped.' } }
        : { state: 'finished', token, failure: null },
      now,
    ),
    ...found.map(({ row, trouble }) =>
      noteFound(db, row.tenantId, row.subject, afterLook(row, trouble, now), now, guard),
    ),
    ...(notices.length > 0 ? [addNotices(db, look.tenantId, notices, guard, now)] : []),
    ...(runs.some(({ endedAt }) => endedAt === null)
      ? [endRuns(db, look.tenantId, look.id, now, { held: true }, guard)]
      : []),
  ])
  if (changed(answers[0]) === 0) return
  if (notices.length > 0) sendSoon(world, look.tenantId)
  if (found.some(({ trouble }) => trouble === null)) await settleUnproved(world, look.tenantId, look.targetId, look.id)
}

interface Seen {
  row: Control
  trouble: ControlTrouble | null
}

async function foundBy({ db }: World, runs: readonly Run[], look: Look): Promise<Seen[]> {
  const { fetches } = look.control
  const rows = await readControls(
    db,
    look.tenantId,
    fetches.map(({ address }) => address),
  )
  return fetches.flatMap(({ address, port }) => {
    const row = rows.get(address)
    // Who has chosen another port since wants to know of that one.
    return row?.method === 'http' && row.port === port
      ? [{ row, trouble: judgeViews(viewsOf(runs, look, address), row.token) }]
      : []
  })
}

const viewsOf = (runs: readonly Run[], look: Look, address: string): View[] =>
  runs.flatMap((run) => {
    const { plan } = run
    if (plan.kind !== 'control' || !plan.fetches.some((fetch) => fetch.address === address)) return []
    const closing = run.closing as Closing | null
    const member = look.panel.find(({ probeId }) => probeId === run.probeId)
    return [
      {
        sourceAddress: member?.sourceAddress ?? 'a probe',
        site: member?.site ?? '',
        fetched: closing?.fetched?.find((one) => one.address === address) ?? null,
        failure: closing?.failure?.detail ?? null,
      },
    ]
  })

/** Once for each proof that cannot be renewed. */
export async function noticeOf(
  row: Control,
  trouble: ControlTrouble | null,
  target: Pick<Target, 'id' | 'name' | 'address' | 'tags'>,
  now: number,
): Promise<Told[]> {
  const wasProved = row.provedAt !== null && row.expiresAt !== null
  if (trouble === null || !wasProved || row.method === null) return []
  const state = isProvedNow(row, now) ? 'failing' : 'lapsed'
  const { method, subject } = row
  const { expiresAt } = afterLook(row, trouble, now)
  return [
    {
      id: await derivedId('ntc', row.tenantId, subject, state, row.provedAt ?? 0),
      event: controlNotice(
        { target, address: subject, state, method, expiresAt: expiresAt ?? now, problem: trouble },
        now,
      ),
    },
  ]
}

/** Closes the target's issue of unproved control when nothing is left of it: `by` is what proved it. */
export async function settleUnproved(world: World, tenantId: string, targetId: string, by: string): Promise<void> {
  const { db, now } = world
  const target = await readTarget(db, tenantId, targetId)
  if (!target) return
  const literal = parseAddress(target.address)
  const addresses = literal ? [literal] : target.resolved.flatMap((text) => parseAddress(text) ?? [])
  const touchable = await touchableNow(world, tenantId, addresses)
  if (addresses.length === 0 || addresses.some((address) => touchable(address) !== null)) return
  await closeUnproved(db, tenantId, targetId, by, now)
}
