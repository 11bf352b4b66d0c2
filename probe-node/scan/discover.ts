/**
 * Finding open ports: the sweep, identification beside it, and care that a ban does not pass for
 * closed ports.
 */
import { availableParallelism } from 'node:os'
import { formatPorts, portsIn } from '../../schema/ports.ts'
import { TOP_PORTS } from '../../schema/top-ports.ts'
import { LIMITS } from '../../schema/wire.ts'
import { readCapacity, socketsFor } from '../capacity.ts'
import { clockTime } from '../output.ts'
import { COUNTING_PORTS } from '../ration.ts'
import { bindingFor } from '../source.ts'
import { isHeldBack } from '../sweep/answers.ts'
import { orderAgain, sweepOrder } from '../sweep/order.ts'
import type { Sentinel } from '../sweep/reach.ts'
import type { SweepEvents, SweepOutcome } from '../sweep/sweep.ts'
import { openSweeper, type Sweeper } from '../sweep/sweeper.ts'
import { gateOf, type Scan } from './context.ts'
import type { Known } from './endpoints.ts'
import { askWhose, type HeldBack, loadOf, slower } from './held-back.ts'
import { identifyInTime } from './identify-accepted.ts'
import { doubt, raiseSilence, WATCH_TIMEOUT_MS } from './losses.ts'
import { wayIsFree } from './way-free.ts'
import { touchFor } from './within-lease.ts'

export interface Discovery {
  asked: number
  tested: number
  /** ports of which nothing is known, of any address */
  untested: Set<number>
}

const IDENTIFY_AT_ONCE = 32
/** Of a host that accepts everything, so many ports are looked at; the rest is only counted. */
const PHANTOM_IDENTIFIED = 32
const LOSSES_ASKED = 16
const TAKE_UP_TIMES = 2

/** Sweeps these ports (canonical nmap syntax) of all addresses; `onFound` follows as each open port is identified. */
export async function discover(scan: Scan, ports: string, onFound: (known: Known) => void): Promise<Discovery> {
  const asked = portsIn(ports).toArray()
  const total = asked.length * scan.plan.addresses.length
  scan.progress = { done: 0, total }
  const untested = new Set<number>()
  let missing = 0
  const run = openSweeper(helpersFor(scan, asked.length))
  try {
    for (const [i, address] of scan.plan.addresses.entries()) {
      const left = await discoverOne(scan, address, asked, run, i * asked.length, onFound)
      for (const port of left) untested.add(port)
      missing += left.length
    }
  } finally {
    await run.close()
  }
  return { asked: total, tested: total - missing, untested }
}

const MANY_PORTS = 20_000
const FAST = 20_000
/** This thread makes tens of thousands of connects a second; only a near target and a high ceiling call for a second. */
const helpersFor = ({ plan }: Scan, ports: number): number =>
  ports >= MANY_PORTS && plan.maxConnectsPerSecond >= FAST && availableParallelism() > 1 ? 1 : 0

async function discoverOne(
  scan: Scan,
  address: string,
  asked: Uint16Array,
  run: Sweeper,
  doneBefore: number,
  onFound: (known: Known) => void,
): Promise<number[]> {
  const { world, plan, output, ended } = scan
  const { lease } = scan.run
  const { clock } = world
  const family = address.includes(':') ? 6 : 4
  const phantom = acceptsEverything(scan, address)
  const gate = gateOf(IDENTIFY_AT_ONCE)
  const identifying = new Set<Promise<void>>()
  const here = () => scan.endpoints.all().filter(({ target }) => target.address === address)
  const knownPorts = new Set(here().map(({ target }) => target.port))
  /** accepted in the sweep, and not when they were to be identified */
  const unseen = new Set<number>()
  /** accepted in the sweep, and then we could not look: nothing is known of what is there */
  const unlooked = new Set<number>()
  let accepted = 0
  let waiting = 0

  const onOpen = (port: number, agoMs: number, rttMs: number) => {
    accepted += 1
    if (knownPorts.has(port) || scan.endpoints.all().length + waiting >= LIMITS.openPorts) return
    knownPorts.add(port)
    waiting += 1
    const at = clock.now() - Math.round(agoMs)
    const job = gate(async () => {
      const isPhantom = await phantom
      const brief = isPhantom && accepted > PHANTOM_IDENTIFIED
      const known = await identifyInTime(scan, { address, port, at, rttMs, isPhantom, brief })
      waiting -= 1
      if (known === 'not_looked') return void unlooked.add(port)
      if (!known) {
        unseen.add(port)
        knownPorts.delete(port)
        return
      }
      unseen.delete(port)
      if (known.rationed) run.spare(port)
      onFound(known)
    })
    identifying.add(job)
    void job.finally(() => identifying.delete(job))
  }
  const events: SweepEvents = {
    onOpen,
    onProgress(done) {
      scan.progress = { done: Math.max(scan.progress.done, doneBefore + done), total: scan.progress.total }
    },
  }

  // Asked of the system while the order is made.
  const asking = Promise.all([bindingFor(world.sourceAddress, address, family), readCapacity()])
  const seed = (Math.random() * 2 ** 31) | 0
  let order = sweepOrder(knownPorts.size === 0 ? asked : asked.filter((port) => !knownPorts.has(port)), TOP_PORTS, seed)
  const [source, capacity] = await asking
  const base = {
    address,
    family,
    source,
    maxOpen: world.brake.sockets(socketsFor(capacity)),
    // Touched as sentinels only when there is nothing else.
    spared: COUNTING_PORTS,
  } as const
  const sentinelsAfter = (refusedPorts: readonly number[]): Sentinel[] => [
    ...here().map(({ target }) => ({ port: target.port, kind: 'open' as const })),
    ...refusedPorts.map((port) => ({ port, kind: 'refused' as const })),
  ]
  let sentinels = sentinelsAfter([])
  let rate = sweepRate(plan.maxConnectsPerSecond)
  output.line(
    'Discovery',
    `${clockTime(clock.now())}  ${address}: ${order.length} ports, at most ${plan.maxConnectsPerSecond} connects a second, order shuffled with seed ${seed}`,
  )

  const load = loadOf(scan, run, { ...base, order: order.slice(), sentinels: [] }, rate)
  let held: HeldBack | null = null
  let isAsked = false
  let left: number[] = []
  let isLost = false
  let lured = false
  for (let times = 0; ; times++) {
    const grant = await world.brake.sweep(address, rate, ended)
    await lease.held(ended)
    const within = AbortSignal.any([ended, lease.untilLapse()])
    const swept = run.sweep({ ...base, order, sentinels, maxConnectsPerSecond: grant.perSecond }, events, within)
    const outcome = await swept.finally(grant.release)
    const endedAt = performance.now()
    scan.connects += outcome.connects
    tellOutcome(scan, address, outcome)
    left = [...outcome.untested]
    lured = outcome.end === 'lured'
    isLost = lured || outcome.end === 'reach_lost'
    // The lease ran out, or all is over; in mid-sweep nothing else stops it.
    if (outcome.end === 'aborted' && !ended.aborted) {
      order = orderAgain(unseen, outcome.again)
      unseen.clear()
      sentinels = sentinelsAfter(outcome.refusedPorts)
      times -= 1
      continue
    }
    if (!isLost || ended.aborted || times === TAKE_UP_TIMES) break
    // Everything known is asked about, also what counts touches: with nothing but such a port found, nobody else would be.
    const asked = here()
      .filter(({ phantom, state }) => !phantom && state === 'open')
      .toSorted(
        (a, b) => Number(outcome.suspects.includes(b.target.port)) - Number(outcome.suspects.includes(a.target.port)),
      )
    // Of a port that may be touched freely the panel learns enough. Of a proof nobody looks along.
    const isTold = asked.some(({ rationed }) => !rationed)
    await Promise.all([
      ...asked.slice(0, LOSSES_ASKED).map((known) => confirmLoss(scan, known)),
      ...(lured ? [touchPhantoms(scan, address)] : []),
      ...(plan.proof !== undefined || (isTold && !lured)
        ? []
        : [raiseSilence(scan, address, lured ? 'answers on every port' : 'fell silent')]),
    ])
    sentinels = sentinelsAfter(outcome.refusedPorts)
    // What accepts anywhere accepts at known ports too: that tells nothing.
    if (!(await wayIsFree(scan, here(), address, outcome.refusedPorts[0] ?? null, lured))) break
    if (!held && !lured && isHeldBack(rate, outcome.trickle)) {
      const freeAfterMs = performance.now() - endedAt
      held = { address, offered: grant.perSecond, passed: outcome.trickle, freeAfterMs }
      isAsked = await askWhose(scan, held, load)
    }
    order = orderAgain(unseen, outcome.again)
    unseen.clear()
    // What a lure answered says nothing of what the host bears.
    rate = slower(rate, lured ? 0 : outcome.trickle)
    output.line(
      'Discovery',
      `${clockTime(clock.now())}  ${address}: reachable again; ${order.length} ports are taken up again at ${Math.round(rate)} connects a second`,
    )
  }
  await Promise.all(identifying)
  if (held && !isAsked && !ended.aborted) await askWhose(scan, held, load)
  // A ban may have come between the sweep's connect and the second one; without a ban the port does as it does.
  left = [...new Set([...left, ...(isLost ? unseen : []), ...unlooked])]
  // Found in the meantime by a touch that got through: known after all.
  return left.filter((port) => !here().some(({ target }) => target.port === port))
}

/** A part is kept for watching and identifying, so that the sum stays below the plan's ceiling. */
export const sweepRate = (maxPerSecond: number): number => Math.max(1, maxPerSecond * 0.9)

const PHANTOM_PORTS = 5
const PHANTOM_TIMEOUT_MS = 1_000

/** Five random high ports: whether those accept. Then whoever answers there accepts everything. */
async function touchPhantoms(scan: Scan, address: string): Promise<boolean> {
  const ports = new Set<number>()
  while (ports.size < PHANTOM_PORTS) ports.add(20_000 + Math.floor(Math.random() * 45_000))
  const seen = await Promise.all(
    [...ports].map((port) =>
      touchFor(scan, {
        target: { address, port, check: 'tcp', service: 'unknown' },
        purpose: 'phantom',
        timeoutMs: PHANTOM_TIMEOUT_MS,
      }),
    ),
  )
  for (const one of seen) scan.reporter.add(one)
  return seen.filter(({ sight }) => ['open', 'mute', 'cut'].includes(sight)).length >= PHANTOM_PORTS - 1
}

async function acceptsEverything(scan: Scan, address: string): Promise<boolean> {
  const isPhantom = await touchPhantoms(scan, address)
  if (isPhantom)
    scan.output.line('Discovery', `${address}: random high ports accept as well; nothing found here is trusted`)
  return isPhantom
}

async function confirmLoss(scan: Scan, known: Known): Promise<void> {
  if (known.state !== 'open') return
  const seen = await touchFor(scan, {
    target: known.target,
    purpose: known.rationed ? 'engage' : 'watch',
    isEngagement: known.rationed,
    timeoutMs: WATCH_TIMEOUT_MS,
  })
  if (seen.sight === 'open') return scan.endpoints.sawOpen(known, seen.at)
  scan.reporter.add(seen)
  if (seen.sight !== 'probe_fault') await doubt(scan, known, seen)
}

function tellOutcome(scan: Scan, address: string, outcome: SweepOutcome): void {
  const { open, refused, silent, unreachable, untested, end } = outcome
  const words = {
    done: 'finished',
    reach_lost: 'stopped: what answered before fell silent',
    lured: 'stopped: ports that had refused accept now, and what accepted since says nothing',
    aborted: 'stopped',
    exhausted: 'stopped: this machine has no sockets left',
  }
  const now = clockTime(scan.world.clock.now())
  scan.output.line(
    'Discovery',
    `${now}  ${address}: ${words[end]}; ${open.length} accepted, ${refused} refused, ${silent} silent, ${unreachable} unreachable, ${untested.length} not tested`,
  )
  if (untested.length > 0) scan.output.line('Discovery', `${address}: not tested: ${formatPorts(untested)}`)
  if (end === 'exhausted') scan.world.fit.exhausted('EMFILE')
}
