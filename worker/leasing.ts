/** What a probe is handed when it asks: its due runs, as many as it can carry. */
import { AGENT } from '../schema/version.ts'
import type { LeaseAnswer, LeasedRun, LeaseRequest, Plan, ScanPlan, Standing } from '../schema/wire.ts'
import { isDirectoryOf, wantsDirectory } from './botDirectory.ts'
import { mayRun, standingOf } from './core/ranges/standing.ts'
import { notOurs } from './failure.ts'
import { tokensFor } from './proofTokens.ts'
import { readScanFacts } from './store/facts.ts'
import { DRAINED, keysOf, noteSeen, type Signer } from './store/probes.ts'
import { type Candidate, endAsFailed, leasable, lease, type Run } from './store/runs.ts'
import type { World } from './world.ts'

/** The doorbell may be lost: a probe asks at least this often. */
const POLL_MS = 60_000
const SHORTEST_POLL_MS = 250

/**
 * Hands a probe what is due for it and fits its capacity. `signer` is the probe as it was when its signature was checked
 * (guards/probe.ts), with the key that made it: here it is read anew, so that one that was revoked since gets nothing.
 */
export async function leaseRuns(
  world: World,
  signer: Signer,
  ask: LeaseRequest,
  askedAt: number,
  publicUrl: string,
): Promise<LeaseAnswer> {
  const { db, now } = world
  const { probe, stopped, candidates } = await leasable(db, signer, now)
  if (!probe || !keysOf(probe, now).includes(signer.publicKey) || probe.sourceAddress !== signer.sourceAddress)
    throw notOurs()
  const { directory } = ask
  const isSigned = directory !== undefined && (await isDirectoryOf(probe, directory, publicUrl, now))
  await noteSeen(db, probe, { ...ask, directory: isSigned ? directory : null }, now)
  const signFor = isSigned ? undefined : wantsDirectory(probe, publicUrl, now)
  // A leased run that its own probe no longer carries was lost with its process: as far as it could know of that lease. A
  // request signed before it, played again or late, disowns nothing.
  const unclaimed = candidates.filter(
    (run) => run.state !== 'leased' || !ask.holding.some((held) => held.runId === run.id),
  )
  const free = unclaimed.filter((run) => run.state !== 'leased' || (run.leasedAt ?? 0) < askedAt)
  const standing = standingOf(probe.sourceAddress, probe.source, now)
  const due = free.filter(
    (run) => run.dueAt <= now && run.hasTurn === 1 && (run.needsPrivate === 0 || ask.allowPrivate),
  )
  const gone = probe.drainedAt === null ? [] : due.filter((run) => run.kind === 'prove' && run.state === 'due')
  const ready = due.filter((run) => mayRun(standing, run.kind) && !gone.includes(run))
  if (!standing.scans) await refuseScans(world, probe.id, due, standing)
  for (const run of gone) await endAsFailed(db, { ...run, probeId: probe.id }, DRAINED, now)
  const picked = withinCapacity(ready, ask.capacity)
  const taken = picked.length > 0 ? await lease(db, probe.id, picked, askedAt, now) : []
  // Who has not proved that it is theirs is not shown a tenant's token.
  const tokens = await tokensFor(
    world,
    taken.filter(({ kind }) => kind !== 'control'),
  )
  return {
    now,
    standing,
    stopped,
    newest: AGENT,
    publicUrl,
    ...(signFor === undefined ? {} : { signFor }),
    runs: await Promise.all(taken.map((run) => leasedRun(world, run, tokens.get(run.scanId)))),
    // A new process whose clock is still behind learns the time from this answer, and may ask again at once.
    nextPollMs: free.length < unclaimed.length ? SHORTEST_POLL_MS : pollMs(free, now),
  }
}

/** A scan whose probe lost its range before it came for it can never begin: it is told so now, and not when its time is up. */
async function refuseScans(
  world: World,
  probeId: string,
  due: readonly Candidate[],
  { detail }: Standing,
): Promise<void> {
  for (const { id, kind, epoch } of due)
    if (kind === 'scan' || kind === 'prove')
      await endAsFailed(world.db, { probeId, id, epoch }, { code: 'range_inactive', detail }, world.now)
}

function withinCapacity(runs: readonly Candidate[], capacity: LeaseRequest['capacity']): Candidate[] {
  const left = { ...capacity }
  // Verification first: it must always find a place.
  const order = runs.toSorted((a, b) => Number(b.kind === 'verify') - Number(a.kind === 'verify') || a.dueAt - b.dueAt)
  return order.filter((run) => {
    if (run.kind === 'scan') return left.scan-- > 0
    if (left.short <= 0 || (run.kind === 'baseline' && left.baseline <= 0)) return false
    if (run.kind === 'baseline') left.baseline--
    left.short--
    return true
  })
}

/** Until the next run of this probe is due, and a minute at most. */
function pollMs(runs: readonly Candidate[], now: number): number {
  const next = Math.min(...runs.filter((run) => run.dueAt > now).map((run) => run.dueAt - now), POLL_MS)
  return Math.max(next, SHORTEST_POLL_MS)
}

async function leasedRun(world: World, run: Run, proofToken: string | undefined): Promise<LeasedRun> {
  const plan = run.epoch > 1 && run.plan.kind === 'scan' ? await resumed(world, run, run.plan) : run.plan
  const { id: runId, scanId, kind, epoch, dueAt, deadlineAt } = run
  const lease = { runId, scanId, kind, epoch, dueAt, leaseUntil: run.leaseUntil ?? world.now, deadlineAt, plan }
  return proofToken === undefined ? lease : { ...lease, proofToken }
}

/** A second lease of a scan run starts from what the first had found. */
async function resumed(world: World, run: Run, plan: ScanPlan): Promise<Plan> {
  const facts = await readScanFacts(world.db, run.tenantId, run.scanId)
  const known = facts?.runs.find((one) => one.runId === run.id)
  return known ? { ...plan, known: [...known.found], discovered: known.discovered } : plan
}
