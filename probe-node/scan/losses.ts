import type { Endpoint, Limited } from '../../schema/wire.ts'
import { isLoss } from '../../schema/words.ts'
import { clockTime, endpointText, sightText } from '../output.ts'
import type { Seen } from '../touch.ts'
import type { Scan } from './context.ts'
import type { Known } from './endpoints.ts'
import { touchFor } from './within-lease.ts'

/** Timer of watching touches: three SYNs on current kernels. An alarm is not a verdict; verification has its own timer. */
export const WATCH_TIMEOUT_MS = 3_000
/** Of the second look: two SYNs. With the first look's three, loss of a fifth each way fails both once in two hundred. */
export const AGAIN_TIMEOUT_MS = 1_500
/** A watching touch that has met silence for so long, its second SYN too, is not waited for: the second look begins beside it. */
export const SILENT_MS = 1_200
/** Other open ports touched beside a loss, to see its scope. */
const SCOPE_MOST = 20

/**
 * A touch of an open endpoint failed (`first`, already reported as a fact). It is touched once more, and the other open
 * ports beside it; what stays lost goes to the Worker as an alarm, and is left alone from then on.
 */
export async function doubt(scan: Scan, known: Known, first: Pick<Seen, 'sight' | 'afterMs' | 'code'>): Promise<void> {
  if (known.state !== 'open' || first.sight === known.usual || scan.ended.aborted) return
  known.state = 'doubted'
  scan.endpoints.closeSpan(known)
  scan.output.line('Watch', `${clockTime(scan.world.clock.now())}  ${endpointText(known.target)}  ${sightText(first)}`)
  const near = nearTo(scan, known)
  const [again, ...beside] = await Promise.all([known, ...near].map((one) => look(scan, one, AGAIN_TIMEOUT_MS)))
  if (!again) return
  const wasRationed = again.code === 'RATION'
  if (!wasRationed) scan.reporter.add(again)
  if (!isLoss(again.sight) && !wasRationed) {
    known.state = 'open'
    known.failedRunning = 0
    if (again.sight === 'open') scan.endpoints.sawOpen(known, again.at)
    scan.output.line('Watch', `${clockTime(again.at)}  ${endpointText(known.target)}  ${again.sight} again at once`)
  } else {
    known.state = 'lost'
    known.limped = false
  }

  const lost = known.state === 'lost' ? [known] : []
  for (const [i, one] of near.entries()) {
    const seen = beside[i] as Seen
    scan.reporter.add(seen)
    if (seen.sight === 'open') scan.endpoints.sawOpen(one, seen.at)
    if (!isLoss(seen.sight) || one.state === 'lost') continue
    scan.endpoints.closeSpan(one)
    scan.output.line('Watch', `${clockTime(seen.at)}  ${endpointText(one.target)}  ${sightText(seen)}`)
    // One failure beside a loss that stands is part of it; beside a blip it gets its own second look.
    if (known.state === 'lost') {
      one.state = 'lost'
      lost.push(one)
    } else void doubt(scan, one, seen)
  }
  if (lost.length === 0) return
  // Others look at what is known to be lost while we ask about the rest: short bans do not wait.
  const alarm = raise(scan, lost)
  const more = known.state === 'lost' ? await lostWith(scan, known) : []
  await alarm
  if (more.length > 0) await raise(scan, more)
}

/**
 * Services that count touches are not watched, so a ban that took one port of the address is asked about here, once, at
 * each of them: found out only at the end of the scan, the loss could no longer be explained.
 */
async function lostWith(scan: Scan, known: Known): Promise<Known[]> {
  const counting = scan.endpoints
    .all()
    .filter((one) => one.rationed && one !== known && one.state === 'open' && !one.phantom)
    .filter((one) => one.target.address === known.target.address)
    .slice(0, SCOPE_MOST)
  const seen = await Promise.all(counting.map((one) => look(scan, one)))
  return counting.filter((one, i) => isLost(scan, one, seen[i] as Seen))
}

/** Two looks at once met nothing but silence: the alarm goes out, and only then is the scope of the loss looked at. */
export async function lose(scan: Scan, known: Known, again: Seen): Promise<void> {
  if (known.state !== 'open' || scan.ended.aborted) return
  scan.endpoints.closeSpan(known)
  scan.reporter.add(again)
  scan.output.line('Watch', `${clockTime(again.at)}  ${endpointText(known.target)}  ${sightText(again)}, twice at once`)
  known.limped = false
  const alarm = raise(scan, [known])
  const further = async (found: Promise<Known[]>) => {
    const lost = (await found).filter(({ state }) => state === 'open')
    if (lost.length > 0) await raise(scan, lost)
  }
  // Each is told when it is known: neighbours are given up sooner than services that count touches.
  await Promise.all([alarm, further(lostNear(scan, known)), further(lostWith(scan, known))])
}

/** Those near it that are lost as well, each asked once. */
async function lostNear(scan: Scan, known: Known): Promise<Known[]> {
  const near = nearTo(scan, known)
  const seen = await Promise.all(near.map((one) => look(scan, one, AGAIN_TIMEOUT_MS)))
  return near.filter((one, i) => isLost(scan, one, seen[i] as Seen))
}

/** Other open ports that may be touched beside a loss, those of its address first. */
const nearTo = (scan: Scan, known: Known): Known[] =>
  scan.endpoints
    .all()
    .filter((one) => one !== known && one.state === 'open' && !one.rationed && !one.phantom)
    .sort(
      (a, b) => Number(b.target.address === known.target.address) - Number(a.target.address === known.target.address),
    )
    .slice(0, SCOPE_MOST)

/** Tells what a touch beside a loss saw; true when that open port is lost with it. */
function isLost(scan: Scan, one: Known, touched: Seen): boolean {
  scan.reporter.add(touched)
  if (touched.sight === 'open') scan.endpoints.sawOpen(one, touched.at)
  if (!isLoss(touched.sight) || one.state !== 'open') return false
  scan.endpoints.closeSpan(one)
  scan.output.line('Watch', `${clockTime(touched.at)}  ${endpointText(one.target)}  ${sightText(touched)}`)
  return true
}

/**
 * Where touches are rationed the engagement is the watch, and this look is part of it: were it paid from the ration, the
 * scanner would have none left for the first round of verification, seconds from now.
 */
export const look = (scan: Scan, known: Known, timeoutMs = WATCH_TIMEOUT_MS): Promise<Seen> =>
  touchFor(scan, {
    target: known.target,
    purpose: known.rationed ? 'engage' : 'watch',
    isEngagement: known.rationed,
    timeoutMs,
  })

/** So often a port that was let go may raise an alarm anew. */
const MOST_LET_GO = 2

/** An alarm goes out: nothing ends, and no answer that was on its way before it sets anything free. */
function holdOn(scan: Scan): void {
  scan.alarms += 1
  scan.hold = true
}

/** Tells the Worker what was lost; nothing ends before it has answered what to make of it. */
export async function raise(scan: Scan, lost: readonly Known[]): Promise<void> {
  for (const known of lost) {
    known.state = 'lost'
    known.wasLost = true
    // What was done last before the loss, and answered: the trigger, or the last sign that there was none yet.
    if (known.last) scan.reporter.add(known.last)
    known.last = null
  }
  holdOn(scan)
  const endpoints: Endpoint[] = lost.map(({ target: { address, port } }) => ({ address, port }))
  const now = scan.world.clock.now()
  scan.output.line('Alarms', `${clockTime(now)}  lost: ${lost.map(({ target }) => endpointText(target)).join(', ')}`)
  scan.world.log('info', 'lost: alarm', { scanId: scan.run.scanId, endpoints: lost.length })
  const asked = await scan.reporter.alarm(endpoints)
  if (asked.ok && !asked.answer.accepted)
    scan.output.line('Alarms', `${clockTime(scan.world.clock.now())}  the alarm was not taken up`)
  scan.nudge.ring()
}

/**
 * Everything that answered in the sweep fell silent, and no open port of the address is known that could be verified at will;
 * or somebody else answers in its place, at known ports as well. Others may know some, or what they say: the Worker has
 * them look, and the sweep waits for its word.
 */
export async function raiseSilence(
  scan: Scan,
  address: string,
  how: 'fell silent' | 'answers on every port',
): Promise<void> {
  holdOn(scan)
  scan.output.line(
    'Alarms',
    `${clockTime(scan.world.clock.now())}  ${address} ${how}; others look at what they know to be open there`,
  )
  scan.world.log('info', 'silent amid discovery: alarm', { scanId: scan.run.scanId, how })
  await scan.reporter.alarm([], { silenced: [address] })
  scan.nudge.ring()
}

/** The search was let through in part, and all answers again since it rests: all look while it goes on once more. */
export async function raiseLimit(scan: Scan, limited: Limited): Promise<void> {
  const { address, offered, passed } = limited
  holdOn(scan)
  scan.output.line(
    'Alarms',
    `${clockTime(scan.world.clock.now())}  ${address} answered ${passed} of ${offered} connects a second; all look while it is asked so once more`,
  )
  scan.world.log('info', 'held back amid discovery: alarm', { scanId: scan.run.scanId })
  await scan.reporter.alarm([], { limited: [limited] })
  scan.nudge.ring()
}

/** What the Worker says of lost endpoints: these are being verified or stay lost, the others are free again. */
export function settle(scan: Scan, answer: { hold: boolean; lost: readonly Endpoint[] }): void {
  const lost = new Set(answer.lost.map((endpoint) => scan.endpoints.get(endpoint)))
  for (const known of scan.endpoints.all()) {
    if (lost.has(known)) {
      if (known.state !== 'lost') scan.endpoints.closeSpan(known)
      known.state = 'lost'
      known.wasLost = true
    } else if (known.state === 'lost' && !answer.hold) {
      // Open again, as the Worker saw it: a loss from now on is a new one. Where that goes on, and in a retest,
      // which asks once, the port is only looked at.
      known.state = known.letGo < MOST_LET_GO && !scan.plan.only ? 'open' : 'shut'
      known.letGo += 1
      scan.world.memory.relearn(scan.run.scanId, known.target)
      known.failedRunning = 0
      known.nextWatchAt = scan.world.clock.now()
    }
  }
  scan.hold = answer.hold
}
