/**
 * The line. `plan` is called by cron, `take` by what a probe says, `judge` after it and by cron for what only time can move.
 * Each may be called twice without harm. Here it is only called; each step is a file of its own. What there is to tell waits
 * in the outbox until `send`.
 */
import type {
  AlarmRequest,
  LeaseAnswer,
  LeaseRequest,
  RenewAnswer,
  RenewRequest,
  ResultRequest,
} from '../schema/wire.ts'
import { watchControl } from './controlWatch.ts'
import { sendDue } from './deliver/send.ts'
import { clearDoubts } from './doubts.ts'
import { watchDrift } from './drift.ts'
import { callOnlookers, type Judged, judgeAndSteer } from './judge.ts'
import { leaseRuns } from './leasing.ts'
import { beginEach, beginWaiting, openDue, settle, settleEach, tidy } from './planning.ts'
import { answerRenewal, knownTo, mayGoOn, type Outcome, storeAlarm, storeRenewal, storeResult } from './report.ts'
import { forgetOld } from './retention.ts'
import type { Snapshot } from './store/facts.ts'
import { readHeld } from './store/held.ts'
import type { Probe, Signer } from './store/probes.ts'
import { reap } from './store/runs.ts'
import { overdue } from './store/scans.ts'
import { noteTick } from './store/stack.ts'
import { watchFleet } from './watch.ts'
import { stopWithdrawn } from './withdrawn.ts'
import type { World } from './world.ts'

/**
 * As much as one tick does, so that with `send`, which takes about 400 at most, it stays below the 1,000 queries of an
 * invocation: a scan to judge is about 8, one to open or begin about 10. What is left is as due at the next tick.
 */
const TO_JUDGE = 15
const TO_OPEN = 20
const TO_BEGIN = 20
const TO_DOUBT = 5

/** leases of the silent → ended; due targets → scans; what waited → begun; new ranges → told to those whom they concern. What fails in one scan keeps no other waiting. */
export async function plan(world: World): Promise<void> {
  const { db, now } = world
  await settle('withdrawn', () => stopWithdrawn(world))
  await settle('reap', async () => {
    // Reaped ones first: nothing but this tells that they want a look.
    const wanted = [...(await reap(db, now, TO_JUDGE)), ...(await overdue(db, now, TO_JUDGE))]
    const scans = [...new Map(wanted.map((scan) => [scan.id, scan])).values()].slice(0, TO_JUDGE)
    await settleEach('judge', scans, ({ tenantId, id }) => judge(world, tenantId, id))
  })
  await settle('open', () => openDue(world, TO_OPEN))
  await settle('begin', () => beginWaiting(world, TO_BEGIN))
  await settle('doubts', () => clearDoubts(world, TO_DOUBT))
  await settle('watch', () => watchFleet(world))
  await settle('tidy', () => tidy(world))
  await settle('drift', () => watchDrift(world))
  await settle('forget', () => forgetOld(world))
  await settle('tick', () => noteTick(db, now))
  await settle('control', () => watchControl(world, (rows, job) => settle('control', job, rows[0]?.targetId)))
}

/** notices → messages of each channel → sent, put off, or given up; what is told at once was tried before (finish.ts) */
export const send = (world: World): Promise<void> => sendDue(world)

/** due runs → the probe they name */
export const lease = (
  world: World,
  probe: Signer,
  ask: LeaseRequest,
  askedAt: number,
  publicUrl: string,
): Promise<LeaseAnswer> => leaseRuns(world, probe, ask, askedAt, publicUrl)

/** facts → stored → judged → what the probe does next */
export const take = {
  async renewal(world: World, probe: Signer, report: RenewRequest): Promise<RenewAnswer> {
    const { held, snapshot, isNews, isOver } = await storeRenewal(world, probe, report)
    const { run } = held
    const known = await knownTo(world, held, snapshot)
    // An onlooker may have seen enough once discovery is over, whether or not it has something to tell.
    // Of a proof nothing is decided before its last run ends.
    const wantsWord = isNews || (run.kind === 'baseline' && known.discovered)
    const judged = wantsWord ? await judge(world, run.tenantId, run.scanId, snapshot) : null
    if (snapshot && (report.found.length > 0 || isOver)) callOnlookers(world, snapshot, isOver)
    const after = judged?.hasMoved ? await readHeld(world.db, probe.id, report.runId) : held
    return answerRenewal(world, after ?? held, known, {
      hasSeenEnough: judged?.stop.includes(run.id) === true,
      mayGoOn: await mayGoOn(world, probe, held),
    })
  },
  async alarm(world: World, probe: Probe, report: AlarmRequest): Promise<void> {
    const { held, snapshot } = await storeAlarm(world, probe, report)
    if (held.run.kind !== 'prove') await judge(world, held.run.tenantId, held.run.scanId, snapshot)
    // Others may have seen an open port and kept it to themselves so far.
    if (snapshot && (report.silenced || report.limited)) callOnlookers(world, snapshot, true)
  },
  async result(world: World, probe: Probe, report: ResultRequest, digest: string): Promise<Outcome> {
    const { held, outcome, snapshot, isNews } = await storeResult(world, probe, report, digest)
    // Also after a duplicate: the first may have been stored by a Worker that died before it judged.
    if (isNews && (held.scan.finishedAt === null || held.run.kind === 'recover'))
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
  await beginEach(world, judged.next)
  return judged
}
