/** lease → perform → report → rest: one scan and up to eight short runs side by side. */
import { AGENT } from '../schema/version.ts'
import { type LeaseAnswer, LIMITS } from '../schema/wire.ts'
import { startFetches } from './fetches.ts'
import { createNudge, type Job, type Nudge } from './job.ts'
import { createLease, type HeldRun } from './lease.ts'
import { deliver, reporterFor } from './report.ts'
import { startScan } from './scan/scan.ts'
import { whyNotNow } from './standing.ts'
import { startSteps } from './steps.ts'
import type { World } from './world.ts'

export interface Loop {
  /** rung by the doorbell: ask for work, and for news of the work in hand */
  ring(): void
  over: Promise<void>
}

const FIRST_POLL_MS = 5_000
const REFUSED_POLL_MS = 60_000
/** A run is rung for as it comes due; one that waited longer than this and was found by the clock was not. */
const UNHEARD_MS = 5_000
/** How long an end may take: what is not delivered by then goes to disk. */
const DRAIN_MS = 4_500

export function startLoop(world: World, signal: AbortSignal): Loop {
  const nudge = createNudge()
  const jobs = new Map<string, Job>()
  return {
    ring() {
      nudge.ring()
      for (const job of jobs.values()) job.ring()
    },
    over: work(world, jobs, nudge, signal),
  }
}

async function work(world: World, jobs: Map<string, Job>, nudge: Nudge, signal: AbortSignal): Promise<void> {
  const { desk, log, spool } = world
  const hard = new AbortController()
  let pollMs = FIRST_POLL_MS
  let failures = 0
  let wasFull = false
  /** nothing but the clock made us ask */
  let isByClock = false
  let isHinted = false

  const startRun = (run: HeldRun): Job => {
    const { plan } = run
    if (plan.kind === 'scan') return startScan(world, { ...run, plan }, signal, hard.signal)
    if (plan.kind === 'control') return startFetches(world, { ...run, plan }, signal, hard.signal)
    return startSteps(world, { ...run, plan }, signal, hard.signal)
  }
  const start = (run: HeldRun) => {
    const job = startRun(run)
    jobs.set(run.runId, job)
    void job.over
      .catch((error: unknown) =>
        log('error', 'a run ended by a fault of ours', { runId: run.runId, error: String(error).slice(0, 200) }),
      )
      .then(() => {
        if (jobs.get(run.runId) === job) jobs.delete(run.runId)
        if (wasFull) nudge.ring()
      })
  }

  /** Once: whoever runs this probe may read its log. */
  const hint = ({ newest }: LeaseAnswer) => {
    if (newest === undefined || newest === AGENT || isHinted) return
    isHinted = true
    log('warn', 'a newer version of the probe is there', { newest, own: AGENT })
  }

  /** Not a packet is sent for it; the Worker hears why. */
  const refuse = (run: HeldRun, why: string) => {
    log('warn', `refused a run of kind ${run.kind}: ${why}`, { runId: run.runId })
    const failure = { code: 'range_inactive', detail: why } as const
    reporterFor(world, run, hard.signal)
      .result({ outcome: 'failed', failure })
      .catch((error: unknown) => log('error', 'a refusal could not be told', { error: String(error).slice(0, 200) }))
  }

  while (!signal.aborted) {
    await world.rotation.keepFresh()
    await spool.drain((report) => deliver(desk, report, { ms: 0, signal }))
    const capacity = capacityBeside([...jobs.values()])
    wasFull = capacity.short === 0 || capacity.scan === 0 || capacity.baseline === 0
    const directory = world.knock.directory()
    const asked = await desk.lease({
      capacity,
      holding: [...jobs.values()].map(({ runId, epoch }) => ({ runId, epoch })),
      allowPrivate: world.allowPrivate,
      health: await world.fit.health(spool.count(), world.clock.offsetMs()),
      ...(directory ? { directory } : {}),
    })
    count(asked.ok)
    if (asked.ok) {
      if (failures > 0) log('info', 'the Worker answers again')
      const { now } = asked.answer
      failures = 0
      pollMs = asked.answer.nextPollMs
      world.knock.learn(asked.answer)
      hint(asked.answer)
      if (isByClock && asked.answer.runs.some(({ dueAt = now }) => now - dueAt > UNHEARD_MS)) world.bell.doubt()
      take(asked.answer, asked.askedAt)
    } else if (asked.why === 'unreachable') {
      failures += 1
      if (failures === 1) log('warn', 'the Worker does not answer', { why: asked.detail.slice(0, 100) })
      pollMs = Math.random() * Math.min(30_000, 500 * 2 ** Math.min(failures, 8))
    } else {
      log('error', 'the Worker does not take us', { why: asked.detail.slice(0, 100) })
      pollMs = REFUSED_POLL_MS
    }
    // While the Worker was away it could not ring.
    isByClock = !(await nudge.wait(pollMs, signal)) && failures === 0
  }

  const timer = setTimeout(() => hard.abort(), DRAIN_MS)
  await Promise.all([...jobs.values()].map((job) => job.over.catch(() => {})))
  clearTimeout(timer)

  function count(isAnswered: boolean) {
    const { counters } = world
    if (!isAnswered) counters.unanswered += 1
    else Object.assign(counters, { answered: counters.answered + 1, answeredAt: Date.now() })
  }

  function take(answer: LeaseAnswer, askedAt: number) {
    if (world.standing.learn(answer.standing))
      log(answer.standing.scans ? 'info' : 'warn', answer.standing.detail, { range: answer.standing.range ?? 'none' })
    for (const job of jobs.values()) if (answer.stopped || whyNotNow(world, job.kind) !== null) job.stop()
    // A run that we hold under an older epoch was given out anew: its old reports are refused, so it starts over.
    for (const leased of answer.runs) {
      const run = { ...leased, lease: createLease({ now: answer.now, leaseUntil: leased.leaseUntil }, askedAt) }
      jobs.get(run.runId)?.stop()
      const why = whyNotNow(world, run.kind)
      if (why === null) start(run)
      else refuse(run, why)
    }
  }
}

function capacityBeside(jobs: readonly Job[]): { scan: number; short: number; baseline: number } {
  const short = jobs.filter(({ kind }) => kind !== 'scan').length
  const baseline = jobs.filter(({ kind }) => kind === 'baseline').length
  const free = Math.max(0, LIMITS.shortRuns - short)
  return {
    scan: jobs.some(({ kind }) => kind === 'scan') ? 0 : 1,
    short: free,
    baseline: Math.min(free, Math.max(0, LIMITS.baselineRuns - baseline)),
  }
}
