/**
 * The line. `plan` and `send` are called by cron, `take` by what a probe says, `judge` after it and by cron for what only
 * time can move. Each may be called twice without harm. Here it is only called; each step is a file of its own.
 */
import type {
  AlarmRequest,
  LeaseAnswer,
  LeaseRequest,
  RenewAnswer,
  RenewRequest,
  ResultRequest,
} from '../schema/wire.ts'
import { callOnlookers, type Judged, judgeAndSteer } from './judge.ts'
import { sendNotices } from './notices.ts'
import { beginWaiting, openDue, tidy } from './planning.ts'
import { answerRenewal, knownTo, leaseRuns, type Outcome, storeAlarm, storeRenewal, storeResult } from './report.ts'
import type { Snapshot } from './store/facts.ts'
import type { Probe } from './store/probes.ts'
import { readHeld, reap } from './store/runs.ts'
import { overdue } from './store/scans.ts'
import type { World } from './world.ts'

/** As many scans as one tick looks at: what is left is as due at the next. */
const A_TICK = 100

/** due targets → scans; leases of the silent → ended; what waited → begun */
export async function plan(world: World): Promise<void> {
  await openDue(world)
  for (const { tenantId, scanId } of await reap(world.db, world.now)) await judge(world, tenantId, scanId)
  for (const { tenantId, id } of await overdue(world.db, world.now, A_TICK)) await judge(world, tenantId, id)
  await beginWaiting(world)
  await tidy(world)
}

/** due runs → the probe they name */
export const lease = (world: World, probe: Probe, ask: LeaseRequest): Promise<LeaseAnswer> =>
  leaseRuns(world, probe, ask)

/** facts → stored → judged → what the probe does next */
export const take = {
  async renewal(world: World, probe: Probe, report: RenewRequest): Promise<RenewAnswer> {
    const { held, snapshot, leaseUntil } = await storeRenewal(world, probe, report)
    const { run } = held
    const known = await knownTo(world, held, snapshot)
    // An onlooker may have seen enough once discovery is over, whether or not it has something to tell.
    const wantsWord = snapshot !== null || (run.kind === 'baseline' && known.discovered)
    const judged = wantsWord ? await judge(world, run.tenantId, run.scanId, snapshot) : null
    if (snapshot && report.found.length > 0) callOnlookers(world, snapshot)
    const after = judged?.hasMoved ? await readHeld(world.db, probe.id, report.runId) : held
    return answerRenewal(world, after ?? held, leaseUntil, known, judged?.stop.includes(run.id) === true)
  },
  async alarm(world: World, probe: Probe, report: AlarmRequest): Promise<void> {
    const { held, snapshot } = await storeAlarm(world, probe, report)
    await judge(world, held.run.tenantId, held.run.scanId, snapshot)
  },
  async result(world: World, probe: Probe, report: ResultRequest, digest: string): Promise<Outcome> {
    const { held, outcome, snapshot } = await storeResult(world, probe, report, digest)
    // Also after a duplicate: the first may have been stored by a Worker that died before it judged.
    if (held.scan.finishedAt === null || held.run.kind === 'recover')
      await judge(world, held.run.tenantId, held.run.scanId, snapshot)
    return outcome
  },
}

/**
 * facts → judgement → steps of the panel, or the scan's end with issue, occurrences and notices. `snapshot` is the scan
 * as it was just read, if it was.
 */
export async function judge(
  world: World,
  tenantId: string,
  scanId: string,
  snapshot: Snapshot | null = null,
): Promise<Judged> {
  const judged = await judgeAndSteer(world, tenantId, scanId, snapshot)
  if (judged.hasEnded) await beginWaiting(world)
  return judged
}

/** outbox → those who want to know */
export const send = (world: World): Promise<void> => sendNotices(world)
