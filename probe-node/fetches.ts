/**
 * Runs of kind `control`: each address is asked for the token that shows who controls it. One GET at a time, of one path that
 * no plan can change, to the address alone; no redirect is followed, and little is read.
 */
import { type Address, parseAddress } from '../schema/address.ts'
import { isControlPort } from '../schema/control.ts'
import type { ControlPlan, Endpoint, Fetched } from '../schema/wire.ts'
import { fetchToken } from './checks/token.ts'
import { rest } from './clock.ts'
import type { Job } from './job.ts'
import type { HeldRun } from './lease.ts'
import { reporterFor } from './report.ts'
import { optionsFor, whyNot } from './touch.ts'
import type { World } from './world.ts'

/** Between two addresses. */
const GAP_MS = 500

export function startFetches(
  world: World,
  run: HeldRun & { plan: ControlPlan },
  drain: AbortSignal,
  hard: AbortSignal,
): Job {
  const early = new AbortController()
  world.counters.shortRuns += 1
  return {
    runId: run.runId,
    epoch: run.epoch,
    kind: 'control',
    // Nothing comes between its lease and its result: there is no news to ask for.
    ring: () => {},
    stop: () => early.abort(),
    over: carryOut(world, run, AbortSignal.any([early.signal, drain, hard]), hard),
  }
}

async function carryOut(
  world: World,
  run: HeldRun & { plan: ControlPlan },
  ended: AbortSignal,
  hard: AbortSignal,
): Promise<void> {
  const reporter = reporterFor(world, run, hard)
  const { fetches } = run.plan
  const refusals = fetches.map((fetch) => whyNotFetch(world, fetch))
  const [first] = refusals
  if (first && refusals.every((why) => why !== null))
    return reporter.result({ outcome: 'failed', failure: { code: 'refused_by_probe', detail: first.slice(0, 500) } })
  const fetched: Fetched[] = []
  for (const [i, fetch] of fetches.entries()) {
    if (i > 0) await rest(GAP_MS, ended)
    if (ended.aborted || world.clock.now() >= run.deadlineAt) break
    fetched.push(refusals[i] ? { ...fetch, afterMs: 0, code: 'REFUSED_BY_PROBE' } : await fetchOne(world, run, fetch))
  }
  await reporter.result({ outcome: ended.aborted ? 'stopped' : 'done', fetched })
}

/** Asked before any packet, whatever the Worker says. */
function whyNotFetch(world: World, { address, port }: Endpoint): string | null {
  const refused = whyNot(world, address)
  if (refused) return refused
  return isControlPort(parseAddress(address) as Address, port)
    ? null
    : `port ${port} of ${address} shows nothing: anybody with an account on a host can listen there`
}

async function fetchOne(world: World, run: HeldRun & { plan: ControlPlan }, fetch: Endpoint) {
  const options = await optionsFor(world, {
    target: { ...fetch, check: 'http', service: 'http' },
    name: null,
    timeoutMs: run.plan.timeoutMs,
    run,
  })
  world.counters.touches += 1
  return { ...fetch, ...(await fetchToken(options)) }
}
