import { looksLikeNotice } from '../../schema/service.ts'
import { printable } from '../../schema/terminal.ts'
import { isLoss, REFUSING_STATUSES, refuses } from '../../schema/words.ts'
import type { Touched, TouchOptions } from '../checks/check.ts'
import { converse, type Exchange, exchange, touchedBy } from '../checks/exchange.ts'
import { readHead, requestText } from '../checks/http.ts'
import { CHECK_BY_NAME } from '../checks/index.ts'
import { secureConnection } from '../checks/tls.ts'
import { clockTime, endpointText, sightText } from '../output.ts'
import { factsOf, optionsFor, type Seen } from '../touch.ts'
import { inParallel, type Scan } from './context.ts'
import type { Known } from './endpoints.ts'
import { limits, lookAtLimit } from './limits.ts'
import { limps, raiseLimp, stumbles, untilSure } from './limp.ts'
import { doubt } from './losses.ts'
import { type Stimulus, stimuliFor } from './stimuli.ts'

const ENDPOINTS_AT_ONCE = 4
const TIMEOUT_MS = 4_000
/** Silence after a probe that the service need not answer is normal; do not wait long for it. */
const LINE_WAIT_MS = 700
/** So many failed engagement connects running are a loss. */
const FAILURES = 2
/** Answers to provoking requests that are kept as facts, per endpoint. */
const REFUSALS_KEPT = 40

/** Carries out the profile's stimuli on these endpoints. A lost endpoint gets none until it is free again. */
export async function engage(scan: Scan, endpoints: readonly Known[]): Promise<void> {
  const wanted = endpoints.filter(({ phantom }) => !phantom)
  for (const known of wanted) known.planned = stimuliFor(scan.plan.profile, known.target).length
  await inParallel(wanted, ENDPOINTS_AT_ONCE, scan.ended, (known) => engageOne(scan, known))
}

async function engageOne(scan: Scan, known: Known): Promise<void> {
  const { world, plan, output, ended } = scan
  const options = await optionsFor(world, {
    target: known.target,
    name: plan.name,
    run: scan.run,
    timeoutMs: TIMEOUT_MS,
  })
  let refusals = 0
  let failed: Seen | null = null
  const limited = limits(scan, known)
  for (const stimulus of stimuliFor(plan.profile, known.target)) {
    await untilSure(scan, known)
    if (ended.aborted || known.state === 'lost' || known.state === 'shut') return
    await scan.pace.take(ended)
    if (ended.aborted) return
    const at = world.clock.now()
    const started = performance.now()
    const touched = await carryOut(options, stimulus)
    world.counters.touches += 1
    const facts = { run: scan.run, target: known.target, timeoutMs: TIMEOUT_MS }
    const as = stimulus.kind === 'http' ? stimulus.as : null
    const isProvoking = as !== null && as !== 'plain'
    const seen: Seen = {
      purpose: 'engage',
      address: known.target.address,
      port: known.target.port,
      service: known.target.service,
      at,
      // What a provoking request gets is no answer of the service as such: it never counts as a block page by itself.
      ...(isProvoking && touched.httpStatus
        ? {
            ...factsOf(world, facts, { ...touched, httpStatus: undefined, mitigated: undefined }, 0),
            httpStatus: touched.httpStatus,
          }
        : factsOf(world, facts, touched, world.fit.lagSince(started))),
      ...(as ? { stimulus: as } : {}),
    }
    output.line(
      'Engagement',
      `${clockTime(at)}  ${endpointText(known.target)}  ${textOf(stimulus)}  →  ${sightText(seen)}`,
    )
    const { isLimit, isDue } = limited.after(seen)
    if (seen.sight === 'open') {
      // What a limiter answered in the service's place was not tested.
      if (!isLimit) {
        known.done += 1
        known.last = seen
      }
      known.failedRunning = 0
      stumbles(scan, known, false)
      if (known.state === 'open') scan.endpoints.sawOpen(known, at)
      // Plain and attack-shaped answers side by side tell what is refused: the request, or its sender.
      const isCompared = as === 'plain' || as === 'attack'
      if (isCompared || (isProvoking && REFUSING_STATUSES.has(seen.httpStatus ?? 0) && refusals++ < REFUSALS_KEPT))
        scan.reporter.add(seen)
      if (isDue) await lookAtLimit(scan, known)
      else if (limps(scan, known, seen)) await raiseLimp(scan, known)
      continue
    }
    scan.reporter.add(seen)
    if (!isLoss(seen.sight)) continue
    known.failedRunning += 1
    failed = seen
    // A refusal in words, or a block page on a plain request, needs no second connect to be believed.
    if (known.failedRunning >= FAILURES || refuses(seen.sight)) await doubt(scan, known, seen)
    else if (stumbles(scan, known, true)) await raiseLimp(scan, known)
  }
  // After the last stimulus none comes that could fail as well, and where touches are rationed nobody watches.
  if (failed && known.failedRunning > 0) await doubt(scan, known, failed)
}

async function carryOut(options: TouchOptions, stimulus: Stimulus): Promise<Touched> {
  switch (stimulus.kind) {
    case 'touch':
      return CHECK_BY_NAME[stimulus.check](options)
    case 'line':
      return sayLine(options, stimulus.send)
    case 'tls': {
      const secured = await secureConnection(
        options,
        stimulus.version ? { minVersion: stimulus.version, maxVersion: stimulus.version } : {},
      )
      if ('touched' in secured) return secured.touched
      secured.socket.destroy()
      const { connectMs, afterMs, identity } = secured
      return { check: 'tls', sight: 'open', connectMs, afterMs, ...(identity ? { identity } : {}) }
    }
    case 'http':
      return request(options, stimulus.method, stimulus.path)
  }
}

/** Speaking services greet first, so silence is a sight; silent ones may stay so. */
async function sayLine(options: TouchOptions, send: string): Promise<Touched> {
  const speaks = options.service !== 'silent' && options.service !== 'unknown'
  const seen = await exchange(options, { send, waitMs: speaks ? TIMEOUT_MS : LINE_WAIT_MS, enough: () => true })
  const touched = await touchedBy(speaks ? 'greeting' : 'tcp', options, seen)
  if (touched.firstBytes && looksLikeNotice(options.service, touched.firstBytes)) return { ...touched, sight: 'notice' }
  // A silent service that hangs up on a line it does not know was there all the same.
  const wasThere = !speaks && (touched.sight === 'mute' || (touched.sight === 'cut' && touched.syscall !== 'connect'))
  return wasThere ? { ...touched, sight: 'open' } : touched
}

const ANSWER_BYTES = 512

async function request(options: TouchOptions, method: string, path: string): Promise<Touched> {
  const isSecure = options.service === 'https'
  const talk = { send: requestText(method, options, path), enough: (bytes: Buffer) => bytes.length >= ANSWER_BYTES }
  if (!isSecure) return answered('http', options, await exchange(options, talk))
  const secured = await secureConnection(options)
  if ('touched' in secured) return { ...secured.touched, check: 'https' }
  const seen = await converse(secured.socket, { ...talk, waitMs: options.timeoutMs })
  return answered('https', options, { ...seen, connectMs: secured.connectMs, afterMs: secured.afterMs + seen.afterMs })
}

async function answered(check: 'http' | 'https', options: TouchOptions, seen: Exchange): Promise<Touched> {
  const { head: _, ...said } = readHead(seen.bytes)
  return { ...(await touchedBy(check, options, seen)), ...said }
}

function textOf(stimulus: Stimulus): string {
  switch (stimulus.kind) {
    case 'touch':
      return `touch (${stimulus.check})`
    case 'line':
      return `sent "${printable(JSON.stringify(stimulus.send).slice(1, -1), 80)}"`
    case 'tls':
      return `TLS hello${stimulus.version ? ` (${stimulus.version} only)` : ''}`
    case 'http':
      return `${stimulus.method} ${stimulus.path}`
  }
}
