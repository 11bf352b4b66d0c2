/** The scanner's run: discover, engage, watch, alarm, hold, re-check. Facts go out meanwhile (talk.ts); decisions are the Worker's. */
import { formatPorts, portsIn } from '../../schema/ports.ts'
import { isRationed } from '../../schema/service.ts'
import type { ResultRequest, ScanPlan, TouchTarget } from '../../schema/wire.ts'
import { isLoss } from '../../schema/words.ts'
import { BEACON_MS, touchBeacon } from '../beacons.ts'
import { rest } from '../clock.ts'
import { createNudge, type Job } from '../job.ts'
import type { HeldRun } from '../lease.ts'
import { clockTime, createOutput, endpointText, sightText } from '../output.ts'
import { reporterFor } from '../report.ts'
import { paceOf } from '../sweep/pace.ts'
import { type Seen, whyNot } from '../touch.ts'
import type { World } from '../world.ts'
import { aftermath } from './aftermath.ts'
import { type Canary, openCanary } from './canary.ts'
import { watchCompany } from './company.ts'
import { inParallel, isUndisturbed, type Scan, waitingPace } from './context.ts'
import { type Discovery, discover } from './discover.ts'
import { createEndpoints, type Known, WATCH_EVERY_MS } from './endpoints.ts'
import { engage } from './engage.ts'
import { raise } from './losses.ts'
import { recheck, tellRecheck } from './recheck.ts'
import { keepTalking } from './talk.ts'
import { watch } from './watch.ts'
import { tellLapses, touchFor } from './within-lease.ts'

/** Time kept at the end of a run for the re-check and the result. */
const CLOSING_MS = 20_000

/** Starts a scan run. When the process is to end, `drain` aborts: the run is left to be leased again, without a result. */
export function startScan(world: World, run: HeldRun & { plan: ScanPlan }, drain: AbortSignal, hard: AbortSignal): Job {
  const nudge = createNudge()
  const early = new AbortController()
  if (run.kind === 'scan') world.counters.scans += 1
  else world.counters.shortRuns += 1
  return {
    runId: run.runId,
    epoch: run.epoch,
    kind: run.kind,
    ring: nudge.ring,
    stop: () => early.abort(),
    over: perform(world, run, nudge, { early: early.signal, drain, hard }),
  }
}

interface Signals {
  early: AbortSignal
  drain: AbortSignal
  hard: AbortSignal
}

async function perform(
  world: World,
  run: HeldRun & { plan: ScanPlan },
  nudge: ReturnType<typeof createNudge>,
  signals: Signals,
): Promise<void> {
  const { plan } = run
  const reporter = reporterFor(world, run, signals.hard)
  const addresses = plan.addresses.map((address) => ({ address, why: whyNot(world, address) }))
  const refused = addresses.filter(({ why }) => why !== null)
  // A target with a second address of the other family is scanned on ours; an address that must not be touched ends it.
  const isOtherFamily = ({ address }: { address: string }) =>
    address.includes(':') !== world.sourceAddress.includes(':')
  const usable = addresses.filter(({ why }) => why === null).map(({ address }) => address)
  if (usable.length === 0 || refused.some((one) => !isOtherFamily(one)))
    return reporter.result({
      outcome: 'failed',
      failure: { code: 'refused_by_probe', detail: (refused[0]?.why ?? '').slice(0, 500) },
    })

  const ending = new AbortController()
  const ended = AbortSignal.any([signals.early, signals.drain, signals.hard, ending.signal])
  const scan: Scan = {
    world,
    run,
    plan: { ...plan, addresses: usable },
    reporter,
    endpoints: createEndpoints(reporter),
    output: createOutput(),
    nudge,
    pace: waitingPace(
      (perSecond) => paceOf(perSecond, performance.now()),
      Math.max(1, plan.maxConnectsPerSecond * 0.1),
      rest,
      run.lease,
    ),
    phase: 'discover',
    progress: { done: 0, total: 0 },
    startedAt: world.clock.now(),
    connects: 0,
    discovered: plan.discovered,
    untested: plan.untested ?? '',
    ready: false,
    watchEveryMs: WATCH_EVERY_MS,
    answers: 0,
    alarms: 0,
    hold: false,
    ended,
  }
  tellTarget(scan)
  tellLapses(scan)
  const timeUp = setTimeout(() => ending.abort('time'), Math.max(0, run.deadlineAt - CLOSING_MS - world.clock.now()))
  const talking = new AbortController()
  const lease: { standing: 'ours' | 'stopped' | 'gone' } = { standing: 'ours' }
  const talk = keepTalking(scan, AbortSignal.any([talking.signal, signals.hard, signals.drain]), (how) => {
    lease.standing = how
    ending.abort(how)
  })

  const canaries: Canary[] = []
  const watching = [watch(scan, ended), ...(plan.profile === 'accompany' ? [watchCompany(scan, ended)] : [])]
  let discovery: Discovery = { asked: 0, tested: 0, untested: new Set() }
  let lasts: Awaited<ReturnType<typeof recheck>> = []
  let fault: unknown = null
  try {
    discovery = await work(scan, canaries)
    scan.pace.set(Math.max(1, plan.maxConnectsPerSecond))
    // A discovery that lost nothing has nothing to wait for: what its re-check finds is raised then.
    if (plan.profile !== 'discovery' || isLong(scan) || !isUndisturbed(scan)) await untilLetGo(scan)
    for (const canary of canaries) canary.tell()
    if (!ended.aborted) lasts = await lastLook(scan)
    // Nobody else looks along in a proof: what shows whether we are fit to say that we are shut out is a listener of ours.
    if (plan.proof && lasts.some(({ seen }) => seen && isLoss(seen.sight)))
      reporter.add(await touchBeacon(world, plan.beacons, { timeoutMs: BEACON_MS }))
  } catch (error) {
    fault = error
    world.log('error', 'a scan ended by a fault of ours', { runId: run.runId, error: String(error).slice(0, 200) })
  } finally {
    clearTimeout(timeUp)
    const reason = ending.signal.reason
    ending.abort('over')
    for (const canary of canaries) canary.close()
    talking.abort()
    await Promise.all([talk, ...watching])
    const isLeft = signals.drain.aborted && !signals.early.aborted
    if (lease.standing !== 'gone' && !isLeft) {
      const wasCut = signals.early.aborted || lease.standing === 'stopped' || reason === 'time'
      const outcome = fault ? 'failed' : wasCut ? 'stopped' : 'done'
      const failure = fault ? { failure: { code: 'internal' as const, detail: String(fault).slice(0, 500) } } : {}
      await reporter.result({ ...closing(scan, discovery, lasts), outcome, ...failure })
    }
  }
}

/** Discovery with engagement following each open port, then accompaniment. */
async function work(scan: Scan, canaries: Canary[]): Promise<Discovery> {
  const { plan, endpoints, world, ended } = scan
  const withCanary = new Set<string>()
  const onFound = (known: Known) => {
    const { address } = known.target
    if (!withCanary.has(address) && !known.rationed && !known.phantom) {
      withCanary.add(address)
      void openCanary(scan, address).then(
        (canary) => canary && (ended.aborted ? canary.close() : canaries.push(canary)),
      )
    }
  }
  for (const found of plan.known) onFound(endpoints.add(found, world.clock.now()))
  const discovery = plan.only
    ? together(await touchOnly(scan, plan.only, onFound), await find(scan, plan.gaps ?? '', onFound))
    : await find(scan, plan.ports, onFound)
  scan.untested = formatPorts(discovery.untested)
  scan.discovered = true
  scan.phase = 'baseline'
  // Of a quick plain discovery only the re-check is left, and the result tells all: a report just before would only delay it.
  if (plan.profile !== 'discovery' || isLong(scan)) {
    scan.nudge.ring()
    await leavePanelTime(scan)
  }
  if (ended.aborted) return discovery
  scan.phase = 'engage'
  await engage(scan, endpoints.all())
  if (plan.profile === 'accompany') await accompany(scan)
  await aftermath(scan)
  return discovery
}

/** From a finding to the panel's touch: report, bell, renewal of the onlookers, and some slowness of everyone. */
const PANEL_MS = 4_000
/** Onlookers touch about four open ports a second (worker/core/baseline.ts). */
const PANEL_PORT_MS = 250
const PANEL_MOST_MS = 15_000

/**
 * While discovery goes on the witnesses keep what they saw, and the Worker waits for those that still look (about ten
 * seconds); after a longer one they have looked and are only now asked to tell.
 */
const LONG_MS = 10_000
const isLong = ({ world, startedAt }: Scan): boolean => world.clock.now() - startedAt > LONG_MS

/**
 * No stimulus before sibling and witnesses had time to see what was found last: a port that our stimulus shuts, or that
 * falls over by it, is no case at all when nobody else ever saw it open. No end, either, before they told what only they saw.
 */
async function leavePanelTime(scan: Scan): Promise<void> {
  // Of a proof nobody else looks along.
  if (scan.plan.proof) return
  const { endpoints, world, ended } = scan
  const now = world.clock.now()
  const recent = endpoints
    .all()
    .filter(({ phantom, firstSeenOpenAt }) => !phantom && firstSeenOpenAt > now - PANEL_MOST_MS)
  const lastAt = Math.max(0, ...recent.map(({ firstSeenOpenAt }) => firstSeenOpenAt))
  const toTell = isLong(scan) ? now + PANEL_MS : 0
  const until = Math.max(toTell, Math.min(lastAt + PANEL_MS + recent.length * PANEL_PORT_MS, now + PANEL_MOST_MS))
  if (until > now) await rest(until - now, ended)
}

/** A retest: these endpoints, before any gap is swept. One that does not answer goes to verification at once. */
async function touchOnly(
  scan: Scan,
  only: NonNullable<ScanPlan['only']>,
  onFound: (known: Known) => void,
): Promise<Discovery> {
  const { reporter, endpoints, output } = scan
  const tested = new Set<TouchTarget>()
  const count = (target: TouchTarget) => {
    tested.add(target)
    scan.progress = { done: tested.size, total: only.length }
  }
  scan.progress = { done: 0, total: only.length }
  const lost: Known[] = []
  // Those that may have to wait keep no other waiting.
  const inTurn = only.toSorted((a, b) => Number(isRationed(a.service)) - Number(isRationed(b.service)))
  await inParallel(inTurn, 16, scan.ended, async (target) => {
    if (endpoints.get(target)) return count(target)
    await scan.pace.take(scan.ended)
    if (scan.ended.aborted) return
    const seen = await touchWithinRation(scan, target, () => lost.length > 0)
    reporter.add(seen)
    if (seen.sight !== 'probe_fault') count(target)
    output.line('Services', `${clockTime(seen.at)}  ${endpointText(target)}  ${target.service}  ${sightText(seen)}`)
    const { address, port, check, service } = target
    const found = {
      address,
      port,
      check,
      service,
      firstSeenOpenAt: seen.at,
      ...(seen.identity ? { identity: seen.identity } : {}),
    }
    if (seen.sight === 'open') {
      reporter.addFound(found)
      onFound(endpoints.add(found, seen.at + WATCH_EVERY_MS))
    } else if (isLoss(seen.sight)) lost.push(endpoints.add(found, seen.at + WATCH_EVERY_MS))
  })
  if (lost.length > 0) await raise(scan, lost)
  return {
    asked: only.length,
    tested: tested.size,
    untested: new Set(only.filter((target) => !tested.has(target)).map(({ port }) => port)),
  }
}

/** The longer window of the ration, after which there is a touch again. */
const RATION_PATIENCE_MS = 610_000
const RATION_ASK_MS = 2_000

/**
 * The scan that lost the port has spent its ration: a retest waits for the next touch instead of asking for more, but not
 * when another port is lost again and the retest can no longer end clear.
 */
async function touchWithinRation(scan: Scan, target: TouchTarget, isDecided: () => boolean): Promise<Seen> {
  const { ended } = scan
  const giveUpAt = performance.now() + RATION_PATIENCE_MS
  for (;;) {
    const seen = await touchFor(scan, { target, purpose: 'identify', timeoutMs: 6_000 })
    if (seen.code !== 'RATION' || ended.aborted || isDecided() || performance.now() > giveUpAt) return seen
    await rest(RATION_ASK_MS, ended)
  }
}

/** Sweeps these ports, unless an earlier lease had done so. */
const find = async (scan: Scan, ports: string, onFound: (known: Known) => void): Promise<Discovery> =>
  ports === ''
    ? { asked: 0, tested: 0, untested: new Set() }
    : scan.plan.discovered
      ? alreadyDiscovered(scan, ports)
      : discover(scan, ports, onFound)

/** An earlier lease had swept these ports; what it could not test it had taken up again before it said so. */
function alreadyDiscovered(scan: Scan, ports: string): Discovery {
  scan.output.line('Discovery', 'finished by an earlier lease of this run, whose process was lost')
  const { addresses, untested = '' } = scan.plan
  const asked = addresses.length * portsIn(ports).size
  // Told without their addresses, and counted for each: rather too few tested than too many.
  const missing = [...portsIn(untested)]
  return { asked, tested: Math.max(0, asked - missing.length * addresses.length), untested: new Set(missing) }
}

const together = (a: Discovery, b: Discovery): Discovery => ({
  asked: a.asked + b.asked,
  tested: a.tested + b.tested,
  untested: new Set([...a.untested, ...b.untested]),
})

/** No stimulus of ours: another scanner works from this address while we watch. */
async function accompany(scan: Scan): Promise<void> {
  scan.ready = true
  scan.nudge.ring()
  const until = scan.world.clock.now() + (scan.plan.accompanySeconds ?? 60) * 1_000
  scan.output.line(
    'Engagement',
    `${clockTime(scan.world.clock.now())}  none of ours; watching for ${scan.plan.accompanySeconds ?? 60} s while another scanner works`,
  )
  while (!scan.ended.aborted && scan.world.clock.now() < until) {
    // The lost ports of the other scanner are still verified by the panel; the watch on the others goes on.
    await rest(Math.min(1_000, until - scan.world.clock.now()), scan.ended)
  }
}

/** The work is done; the Worker may still be verifying. Ends with an answer that holds nothing. */
async function untilLetGo(scan: Scan): Promise<void> {
  const before = scan.answers
  scan.nudge.ring()
  while ((scan.hold || scan.answers === before) && !scan.ended.aborted) {
    if (scan.hold) scan.phase = 'verify'
    await rest(20, scan.ended)
  }
}

/** The re-check; a loss that nobody had seen before is verified first, and looked at again. */
async function lastLook(scan: Scan): Promise<Awaited<ReturnType<typeof recheck>>> {
  scan.phase = 'recheck'
  const lasts = await recheck(scan, scan.endpoints.all())
  const news = lasts.filter(
    ({ known, seen }) => seen && isLoss(seen.sight) && seen.sight !== known.usual && !known.wasLost && !known.phantom,
  )
  if (news.length === 0 || scan.ended.aborted) return lasts
  await raise(
    scan,
    news.map(({ known }) => known),
  )
  await untilLetGo(scan)
  scan.phase = 'recheck'
  const again = await recheck(
    scan,
    news.map(({ known }) => known),
  )
  return lasts.map((last) => again.find(({ known, seen }) => known === last.known && seen) ?? last)
}

function tellTarget(scan: Scan): void {
  const { plan, output, run, world } = scan
  output.line('Target', `addresses: ${plan.addresses.join(', ')}${plan.name ? ` (${plan.name})` : ''}`)
  output.line('Target', `ports asked: ${plan.ports}`)
  output.line('Target', `profile: ${plan.profile}, at most ${plan.maxConnectsPerSecond} connects a second`)
  output.line(
    'Target',
    `from: ${world.sourceAddress}, as "${world.knock.userAgent()}"; HTTP requests are signed (Web Bot Auth)`,
  )
  output.line(
    'Target',
    `${run.kind === 'prove' ? `proof prf_${run.scanId.slice(4)}` : `scan ${run.scanId}`}, run ${run.runId}, lease ${run.epoch}, started ${new Date(world.clock.now()).toISOString()}`,
  )
}

function closing(
  scan: Scan,
  { asked, tested, untested }: Discovery,
  lasts: Awaited<ReturnType<typeof recheck>>,
): Pick<ResultRequest, 'ports' | 'connects' | 'engagement' | 'recheck' | 'output'> {
  const list = tellRecheck(scan, lasts)
  scan.endpoints.flushSpans()
  const engagement = scan.endpoints
    .all()
    .filter(({ planned }) => planned > 0)
    .map(({ target: { address, port }, planned, done }) => ({ address, port, planned, done: Math.min(done, planned) }))
  return {
    ports: { asked, tested, untested: formatPorts(untested) },
    connects: scan.connects + scan.world.brake.made(scan.run.scanId),
    engagement,
    recheck: list,
    output: scan.output.text(),
  }
}
