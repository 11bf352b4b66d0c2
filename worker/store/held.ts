/** The run that a probe's message names, with what must be known of its scan to take the message and to answer it. */
import { and, eq, sql } from 'drizzle-orm'
import { runs, scans } from '../../schema/tables.ts'
import { type Db, once, read } from './db.ts'
import { stoppedFlag } from './settings.ts'

type Run = typeof runs.$inferSelect
type Scan = typeof scans.$inferSelect

export interface HeldRun {
  run: Run
  scan: {
    addresses: string[]
    ports: string
    finishedAt: number | null
    cancelAsked: number
    steering: { hold: boolean; lost: { address: string; port: number }[] } | null
    alarms: number
    startedAt: number | null
    readyAt: number | null
  }
  stopped: boolean
}

type HeldRow = Omit<HeldRun, 'stopped'> & { stopped: number }

/** To go in one batch with the writes that come before it; no two of its columns have one name, as a batch wants it. */
export const heldRow = once<{ probeId: string; runId: string }, HeldRow>((db, { probeId, runId }) =>
  db
    .select({
      run: runs,
      scan: {
        targetId: scans.targetId,
        addresses: scans.addresses,
        ports: scans.ports,
        finishedAt: scans.finishedAt,
        cancelAsked: scans.cancelAsked,
        steering: scans.steering,
        alarms: sql<number>`json_array_length(${scans.alarms})`,
        startedAt: scans.startedAt,
        readyAt: scans.readyAt,
        profile: scans.profile,
      },
      stopped: stoppedFlag,
    })
    .from(runs)
    .innerJoin(scans, and(eq(scans.tenantId, runs.tenantId), eq(scans.id, runs.scanId)))
    .where(and(eq(runs.probeId, probeId), eq(runs.id, runId))),
)

/** What it answered: the run, if it is this probe's; null otherwise. */
export function heldFrom(answer: unknown): HeldRun | null {
  const [row] = answer as HeldRow[]
  return row ? keep({ ...row, stopped: row.stopped === 1 }) : null
}

/** The same from a scan that was read whole, and the kill switch. */
export function heldIn(
  { scan, runs: all }: { scan: Scan; runs: readonly Run[] },
  runId: string,
  stopped: boolean,
): HeldRun | null {
  const run = all.find(({ id }) => id === runId)
  const { addresses, ports, finishedAt, cancelAsked, steering, startedAt, readyAt } = scan
  const told = { addresses, ports, finishedAt, cancelAsked, steering, startedAt, readyAt }
  return run ? keep({ run, scan: { ...told, alarms: scan.alarms.length }, stopped }) : null
}

export const readHeld = async (db: Db, probeId: string, runId: string): Promise<HeldRun | null> =>
  heldFrom(await read(db, heldRow(db, { probeId, runId })))

const MOST_KEPT = 500
/** A run with a longer list of ports is read anew with each message. */
const SHORT_PORTS = 5_000
const kept = new Map<string, HeldRun>()

/**
 * The run as it was last read under this lease; null when it was not. A report may be held against this before it is stored,
 * which saves a way to the database: only such runs are kept whose bounds never change. All else in it may be old, and is
 * for nothing but to guess which writes are due. The database decides by the lease that stands, in the same batch that
 * reads the run anew for the answer.
 */
export function lastHeld(probeId: string, runId: string, epoch: number): HeldRun | null {
  const held = kept.get(`${probeId} ${runId}`)
  return held?.run.epoch === epoch ? held : null
}

function keep(held: HeldRun): HeldRun {
  const { run, scan } = held
  const key = `${run.probeId} ${run.id}`
  kept.delete(key)
  const isBounded = run.kind === 'baseline' || (run.plan.kind === 'scan' && run.plan.only === null)
  if (!isBounded || run.endedAt !== null || scan.ports.length > SHORT_PORTS) return held
  kept.set(key, held)
  const [oldest] = kept.keys()
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest)
  return held
}
