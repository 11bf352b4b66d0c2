/**
 * Runs of kind `control`: each address is asked for the token that shows who controls it. One GET at a time, of one path that
 * no plan can change, to the address alone; no redirect is followed, and little is read.
 */
import { type Address, parseAddress } from '../schema/address.ts'
import { isControlPort } from '../schema/control.ts'
import type { ControlPlan, Endpoint, Fetched } from '../schema/wire.ts'
import { fetchToken } from './checks/token.ts'
import { rest } from './clock.ts'
import { createNudge, type Job, type Nudge } from './job.ts'
import { type HeldRun, LAPSED } from './lease.ts'
import { type Reporter, reporterFor } from './report.ts'
import { optionsFor, whyNot } from './touch.ts'
import type { World } from './world.ts'

/** Between two addresses. */
const GAP_MS = 500
/** At the latest so often the Worker is asked whether to go on: an owner may opt out meanwhile, and the bell may be lost. */
const ASK_MS = 10_000

type ControlRun = HeldRun & { plan: ControlPlan }

export function startFetches(world: World, run: ControlRun, drain: AbortSignal, hard: AbortSignal): Job {
  const nudge = createNudge()
  const early = new AbortController()
  world.counters.shortRuns += 1
  return {
    runId: run.runId,
    epoch: run.epoch,
    kind: 'control',
    ring: nudge.ring,
    stop: () => early.abort(),
    over: carryOut(world, run, { early, drain, hard }, nudge),
  }
}

async function carryOut(
  world: World,
  run: ControlRun,
  { early, drain, hard }: { early: AbortController; drain: AbortSignal; hard: AbortSignal },
  nudge: Nudge,
): Promise<void> {
  const reporter = reporterFor(world, run, hard)
  const { fetches } = run.plan
  const refusals = fetches.map((fetch) => whyNotFetch(world, fetch))
  const [first] = refusals
  if (first && refusals.every((why) => why !== null))
    return reporter.result({ outcome: 'failed', failure: { code: 'refused_by_probe', detail: first.slice(0, 500) } })
  const ended = AbortSignal.any([early.signal, drain, hard])
  const done = new AbortController()
  let isOurs = true
  const talk = keepAsking(reporter, nudge, AbortSignal.any([ended, done.signal]), (how) => {
    isOurs = how === 'stopped'
    early.abort()
  })
  const fetched: Fetched[] = []
  for (const [i, fetch] of fetches.entries()) {
    if (i > 0) await rest(GAP_MS, ended)
    if (!(await run.lease.held(ended)) || world.clock.now() >= run.deadlineAt) break
    const one = refusals[i]
      ? { ...fetch, afterMs: 0, code: 'REFUSED_BY_PROBE' }
      : await fetchOne(world, run, fetch, ended)
    if (one.code !== LAPSED) fetched.push(one)
  }
  done.abort()
  await talk
  if (isOurs) await reporter.result({ outcome: ended.aborted ? 'stopped' : 'done', fetched })
}

/** Renews by the clock and when the bell rings, until it is told to end. */
async function keepAsking(
  reporter: Reporter,
  nudge: Nudge,
  signal: AbortSignal,
  onEnd: (how: 'stopped' | 'gone') => void,
): Promise<void> {
  while (!signal.aborted) {
    await nudge.wait(ASK_MS, signal)
    if (signal.aborted) return
    const asked = await reporter.renew()
    if (asked.ok && asked.answer.do === 'stop') return onEnd('stopped')
    if (!asked.ok && asked.why !== 'unreachable') return onEnd('gone')
  }
}

/** Asked before any packet, whatever the Worker says. */
function whyNotFetch(world: World, { address, port }: Endpoint): string | null {
  const refused = whyNot(world, address)
  if (refused) return refused
  return isControlPort(parseAddress(address) as Address, port)
    ? null
    : `port ${port} of ${address} shows nothing: anybody with an account on a host can listen there`
}

async function fetchOne(world: World, run: ControlRun, fetch: Endpoint, ended: AbortSignal): Promise<Fetched> {
  const options = await optionsFor(world, {
    target: { ...fetch, check: 'http', service: 'http' },
    name: null,
    timeoutMs: run.plan.timeoutMs,
    run,
  })
  for (;;) {
    world.counters.touches += 1
    const fetched = { ...fetch, ...(await fetchToken(options)) }
    if (fetched.code !== LAPSED || !(await run.lease.held(ended))) return fetched
  }
}
