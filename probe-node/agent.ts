import { parseAddress } from '../schema/address.ts'
import { printable } from '../schema/terminal.ts'
import { createBell } from './bell.ts'
import { createBrake, NO_CEILINGS, type OwnCeilings } from './brake.ts'
import { createClock } from './clock.ts'
import { type Desk, openDesk } from './desk.ts'
import { watchFitness } from './fit.ts'
import { type Identity, keepProbeId, loadIdentity } from './identity.ts'
import { createKnock } from './knock.ts'
import { createLoads } from './loads.ts'
import { type LogLine, logTo } from './log.ts'
import { startLoop } from './loop.ts'
import { createMemory } from './memory.ts'
import { serveMetrics } from './metrics.ts'
import { createRation } from './ration.ts'
import { createRotation, KEY_DAYS } from './rotation.ts'
import { openSpool } from './spool.ts'
import { createStanding } from './standing.ts'
import { newCounters, type World } from './world.ts'

export type { LogLine } from './log.ts'

export interface AgentOptions {
  /** the Worker */
  url: string
  /** one-use, bound to the source address; only needed while `dataDir` holds no enrolled key */
  token: string | null
  /** holds the key (mode 600) and what could not be delivered yet */
  dataDir: string
  /** the one address from which this probe looks, and asks */
  sourceAddress: string
  allowPrivate: boolean
  metricsPort?: number
  /** what this process sends at most; the defaults unless given */
  ceilings?: OwnCeilings
  /** its key is changed when it is so many days old; KEY_DAYS unless given */
  keyDays?: number
  log?: (line: LogLine) => void
}

/** The Worker answered that this probe may not enrol: to try again with the same token is no use. */
export class EnrolmentRefused extends Error {}

/**
 * One probe: enrols if it must, then works until the signal aborts. Then short runs are finished or returned within
 * 5 s; a scan is left to be leased again. Rejects when it cannot enrol: there is nothing to go on with.
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const log = logTo(options.log)
  const source = parseAddress(options.sourceAddress)
  if (!source) throw new Error(`${options.sourceAddress} is not an address`)
  const clock = createClock()
  const identity = await loadIdentity(options.dataDir)
  const desk = openDesk({ url: options.url, identity, clock, localAddress: source.text, log })
  const fit = watchFitness()
  try {
    const known = identity.probeId === null ? await enrol(desk, options, source.text) : identity
    desk.become(known)
    log('info', 'probe at work', { probeId: known.probeId, sourceAddress: source.text })
    const knock = createKnock(options.url, known, clock)
    const become = (next: Identity) => {
      desk.become(next)
      knock.become(next)
    }
    const world: World = {
      desk,
      bell: createBell({ desk, log }),
      clock,
      fit,
      ration: createRation(),
      rotation: createRotation({ rotate: desk.rotate, become }, known, {
        dataDir: options.dataDir,
        keyDays: options.keyDays ?? KEY_DAYS,
        log,
      }),
      brake: createBrake(options.ceilings ?? NO_CEILINGS),
      loads: createLoads(),
      memory: createMemory(),
      spool: await openSpool(options.dataDir, log),
      log,
      sourceAddress: source.text,
      standing: createStanding(),
      allowPrivate: options.allowPrivate,
      url: new URL(options.url),
      knock,
      counters: newCounters(),
    }
    if (options.metricsPort !== undefined) serveMetrics(world, options.metricsPort, signal)
    const loop = startLoop(world, signal)
    await Promise.all([loop.over, world.bell.listen(loop.ring, signal)])
  } finally {
    fit.close()
    desk.close()
  }
}

async function enrol(
  desk: Desk,
  { token, dataDir, allowPrivate }: AgentOptions,
  sourceAddress: string,
): Promise<Identity> {
  if (!token) throw new Error(`${dataDir} holds no enrolled key, and no token was given: see portwitness enrol`)
  const asked = await desk.enrol({ token, sourceAddress, allowPrivate })
  if (asked.ok) return keepProbeId(dataDir, asked.answer.probeId)
  if (!asked.refusal) throw new Error(`could not enrol: ${asked.why} (${asked.detail})`)
  const { code, said } = asked.refusal
  const wayOut = WAY_OUT[code]?.(sourceAddress)
  const words = `The Worker refused to enrol this probe: ${sentence(printable(said || asked.detail, 300))}`
  throw new EnrolmentRefused(wayOut ? `${words} ${wayOut}` : words)
}

/** By the code of the refusal, what to do. */
const WAY_OUT: Readonly<Record<string, (sourceAddress: string) => string>> = {
  unauthorized: (address) => `Make a new one: portwitness enrol --site S --source-address ${address}`,
  upgrade_required: () => 'Give this probe the version that the Worker has.',
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`)
