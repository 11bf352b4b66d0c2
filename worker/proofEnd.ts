/** A proof as it stands, and its end: matrix, issues, notices and what the target learns, in one batch, for one judge. */
import type { RunFacts } from '../schema/facts.ts'
import { derivedId } from '../schema/ids.ts'
import type { ProofResult } from '../schema/proof.ts'
import { RENEW_MS } from '../schema/wire.ts'
import { spentOf } from './ceilings.ts'
import { stillOutdated } from './core/drift.ts'
import { provedNotice, shutOutNotice } from './core/notices/proof.ts'
import type { ToldScan } from './core/notices/scan.ts'
import { proofOf, STOPPED_BEFORE } from './core/proof.ts'
import { renderProof } from './core/proofOutput.ts'
import { type ProofStep, proofSteps } from './core/proofSteps.ts'
import { sendSoon } from './deliver/send.ts'
import { sha256 } from './secrets.ts'
import { noteSent } from './store/ceilings.ts'
import { batch, changed } from './store/db.ts'
import { readSnapshot, type Snapshot } from './store/facts.ts'
import { addNotices, type Told } from './store/outbox.ts'
import {
  applyProofSteps,
  endProof,
  openIssuesOf,
  type Proof,
  type ProofEnding,
  proofIdOf,
  teachProved,
} from './store/proofs.ts'
import { outputKey, putText, readText } from './store/raw.ts'
import { type Closing, endRuns, type Run } from './store/runs.ts'
import { ended, type Scan } from './store/scans.ts'
import type { World } from './world.ts'

export const isProof = (scan: Scan): scan is Proof => scan.proof !== null

/** The matrix: as it was stored, or of a running proof made afresh from its facts. */
export async function resultNow({ db }: Pick<World, 'db'>, proof: Proof): Promise<ProofResult> {
  if (proof.proofResult) return proof.proofResult
  const snapshot = await readSnapshot(db, proof.tenantId, proof.id)
  return proofOf(proof.proof, snapshot?.facts.runs ?? [])
}

/** Ends the proof when nothing more is to come of it. Any number of judges may look at once: one of them writes. */
export async function judgeProof(world: World, snapshot: Snapshot, proof: Proof): Promise<void> {
  if (proof.finishedAt !== null) return
  const { runs, facts } = snapshot
  if (proof.cancelAsked === 1) {
    if (runs.some(isHeldStill(world.now))) return
    const failure = { code: 'stopped' as const, detail: 'It was stopped before every address had looked.' }
    return finishProof(world, snapshot, proof, {
      state: 'cancelled',
      failure,
      result: finalOf(proof, facts.runs.map(cutOff)),
    })
  }
  const result = proof.deadlineAt < world.now ? finalOf(proof, facts.runs) : proofOf(proof.proof, facts.runs)
  if (result.verdict === null)
    return callNext(
      world,
      runs.filter((run) => run.endedAt === null),
    )
  const isRefused = result.rows.every(({ state }) => state === 'refused')
  const failure = isRefused
    ? { code: 'refused_by_probe' as const, detail: 'None of the probes may touch this target.' }
    : null
  return finishProof(world, snapshot, proof, { state: isRefused ? 'failed' : 'finished', failure, result })
}

/** A place may have become free: of those that have not ended, the one whose turn comes asks now, and not within the minute. */
export function callNext({ now, ring }: World, left: readonly Pick<Run, 'probeId' | 'state' | 'dueAt'>[]): void {
  const next = left.find((run) => run.state === 'due' && run.dueAt <= now)
  if (next) ring([next.probeId])
}

/** Whoever has not ended by now has not looked. */
const finalOf = (proof: Proof, runs: readonly RunFacts[]): ProofResult =>
  proofOf(
    proof.proof,
    proof.proof.sources.flatMap(({ probeId }) => {
      const run = runs.find((one) => one.probeId === probeId)
      return run ? [run.state === 'done' ? run : { ...run, state: 'ended' as const }] : []
    }),
  )

/** Of a proof that was stopped: a run that nobody held yet was kept from beginning, and is no fault of its probe. */
const cutOff = (run: RunFacts): RunFacts =>
  run.closing === null && run.heardAt === null ? { ...run, state: 'ended', closing: STOPPED_BEFORE } : run

/** A run's last word is worth waiting for while its probe can be expected to ask: it does so every RENEW_MS. */
const isHeldStill =
  (now: number) =>
  (run: Run): boolean =>
    run.state === 'leased' && run.endedAt === null && now < (run.heardAt ?? 0) + 2 * RENEW_MS

async function finishProof(
  world: World,
  snapshot: Snapshot,
  proof: Proof,
  ending: Pick<ProofEnding, 'state' | 'failure' | 'result'>,
): Promise<void> {
  const { db, now } = world
  const { target, runs } = snapshot
  const isWhole = ending.state === 'finished'
  const openIssues = await openIssuesOf(db, proof.tenantId, proof.targetId)
  // A scan that saw the issue once more since the proof began knows better.
  const isNewer = (id: string) => openIssues.some((issue) => issue.id === id && issue.restatedAt > proof.createdAt)
  const closes = isWhole
    ? ending.result.closes.filter((id) => !isNewer(id) && openIssues.some((one) => one.id === id))
    : []
  const result = { ...ending.result, closes }
  const name = target.name ?? target.address
  const steps = isWhole ? proofSteps({ target: name, ask: proof.proof, result, openIssues, now }) : []
  const output = await composed(world, snapshot, proof, result)
  const token = crypto.randomUUID()
  const guard = ended(proof, token)
  const { address, tags } = target
  const notices = await noticesOf(proof, { id: proof.targetId, name: target.name, address, tags }, result, steps, now)
  const isGreen = isWhole && result.verdict === 'proved' && proof.proof.allSites
  const green = {
    at: proof.createdAt,
    sources: result.rows.map(({ sourceAddress }) => sourceAddress),
    addresses: proof.addresses,
  }
  const connects = spentOf(snapshot)
  const answers = await batch(db, [
    endProof(db, proof, { ...ending, result, token, output, connects }, now),
    ...noteSent(db, proof, connects, guard, now),
    ...applyProofSteps(db, proof, steps, guard, now),
    ...(notices.length > 0 ? [addNotices(db, proof.tenantId, notices, guard, now)] : []),
    ...(isGreen ? [teachProved(db, proof, stillOutdated(target.outdatedBy, green), guard)] : []),
    ...(runs.some((run) => run.endedAt === null)
      ? [endRuns(db, proof.tenantId, proof.id, now, { held: true }, guard)]
      : []),
  ])
  if (changed(answers[0]) === 0) return
  world.ring(runs.filter((run) => run.endedAt === null).map((run) => run.probeId))
  world.stir(proof.id)
  if (notices.length > 0) sendSoon(world, proof.tenantId)
}

/** Written before the batch that names it. */
async function composed(
  world: World,
  { runs, target }: Snapshot,
  proof: Proof,
  result: ProofResult,
): Promise<{ bytes: number; key: string }> {
  const logs = new Map<string, string>()
  for (const run of runs) {
    const key = (run.closing as Closing | null)?.logKey
    if (key) logs.set(run.probeId, (await readText(world.raw, key)).slice(0, LOG_CHARACTERS / Math.max(1, runs.length)))
  }
  const text = renderProof({
    proofId: proofIdOf(proof.id),
    target: target.name ?? target.address,
    addresses: proof.addresses,
    startedAt: proof.startedAt,
    ask: proof.proof,
    result,
    logs,
  })
  const key = outputKey(proof.tenantId, proof.id, await sha256(text))
  await putText(world.raw, key, text)
  return { bytes: new TextEncoder().encode(text).length, key }
}

/** Of all logs together, so that a proof from many addresses fits into the memory of a Worker. */
const LOG_CHARACTERS = 16_000_000

/** Of a proof's own notices; a snoozed issue says nothing. */
async function noticesOf(
  proof: Proof,
  target: ToldScan['target'],
  result: ProofResult,
  steps: readonly ProofStep[],
  now: number,
): Promise<Told[]> {
  const told = { id: proofIdOf(proof.id), target, result }
  const events = steps.flatMap((step) => {
    if (step.do === 'note' || !step.notify) return []
    const issue = { id: step.issueId, finding: step.finding }
    const event =
      step.do === 'close' ? provedNotice(told, issue, now) : shutOutNotice(told, { ...issue, title: step.title }, now)
    return [{ issueId: step.issueId, event }]
  })
  return Promise.all(
    events.map(async ({ issueId, event }) => ({ id: await derivedId('ntc', proof.id, issueId), event })),
  )
}
