/** Waiting for the way to a host that fell silent: whom to ask whether it is free, and when. */
import { isRationed } from '../../schema/service.ts'
import type { TouchTarget } from '../../schema/wire.ts'
import type { Sight } from '../../schema/words.ts'
import { rest } from '../clock.ts'
import { COUNTING_PORTS } from '../ration.ts'
import type { Seen } from '../touch.ts'
import type { Scan } from './context.ts'
import type { Known } from './endpoints.ts'
import { WATCH_TIMEOUT_MS } from './losses.ts'
import { touchFor } from './within-lease.ts'

/** After the Worker has let go, the way is waited for so long. */
const PATIENCE_MS = 230_000
/**
 * Asked once for a blip, and then seldom: a ban that each packet begins anew ends only in silence, and a minute is the usual length.
 */
const ASK_WAY_MS = [5_000, 65_000, 75_000, 75_000]
/** Of a loss that was proved the rounds have just said for half a minute that it stands. */
const ASK_LOST_MS = ASK_WAY_MS.slice(1)
/** Rounds that find the way free let go sooner. */
const PROVING_MS = 15_000

/** A port, and what is seen there when the way is free. */
export interface Witness {
  target: TouchTarget
  tells: Sight
}

/**
 * Whom to ask: a port that stands, else one that refused, else all that were lost and what the rounds looked at though we had
 * not found it (`inRounds`), those that count touches last. Empty when nothing can tell. What accepts anywhere (`lured`) accepts at
 * known ports too: there a refusal tells.
 */
export function witnessesOf(
  address: string,
  known: readonly Known[],
  inRounds: readonly TouchTarget[],
  refusedPort: number | null,
  lured: boolean,
): Witness[] {
  const real = known.filter(({ phantom }) => !phantom)
  const opens = (target: TouchTarget): Witness => ({ target, tells: 'open' })
  const calm = lured ? undefined : real.find(({ rationed, state }) => !rationed && state !== 'lost')
  if (calm) return [opens(calm.target)]
  if (refusedPort !== null)
    return [{ target: { address, port: refusedPort, check: 'tcp', service: 'unknown' }, tells: 'closed' }]
  const others = inRounds.filter(({ port }) => !known.some(({ target }) => target.port === port))
  return [...real.map(({ target }) => target), ...others]
    .toSorted((a, b) => Number(counts(a)) - Number(counts(b)))
    .map(opens)
}

/** What the rounds look at need not have been identified by us. */
const counts = ({ port, service }: TouchTarget) => isRationed(service) || COUNTING_PORTS.includes(port)

/** What the first of them shows that may be touched: the rounds may have used up the ration of the others. */
export async function saysFree(
  witnesses: readonly Witness[],
  ask: (target: TouchTarget) => Promise<Pick<Seen, 'sight' | 'code'>>,
): Promise<boolean> {
  for (const { target, tells } of witnesses) {
    const { sight, code } = await ask(target)
    if (code !== 'RATION') return sight === tells
  }
  return false
}

/** Waits until the Worker holds nothing any more and what answered before answers again. False when that takes too long. */
export async function wayIsFree(
  scan: Scan,
  known: readonly Known[],
  address: string,
  refusedPort: number | null,
  lured: boolean,
): Promise<boolean> {
  const { world, run, plan, ended } = scan
  // A proof has its answer: what repeats the stimulus was shut out.
  if (plan.proof) return false
  let giveUpAt = Number.POSITIVE_INFINITY
  let asks = 0
  let heldMs = 0
  while (!ended.aborted && world.clock.now() < run.deadlineAt - PATIENCE_MS / 4) {
    if (scan.hold) {
      await rest(500, ended)
      heldMs += 500
    } else {
      if (giveUpAt === Number.POSITIVE_INFINITY) giveUpAt = performance.now() + PATIENCE_MS
      const isProved = heldMs > PROVING_MS || known.some(({ state }) => state === 'lost')
      const waits = isProved ? ASK_LOST_MS : ASK_WAY_MS
      await rest(waits[Math.min(asks++, waits.length - 1)] as number, ended)
      if (ended.aborted || performance.now() > giveUpAt) return false
      const inRounds = world.memory.inRounds(run.scanId, address)
      const witnesses = witnessesOf(address, known, inRounds, refusedPort, lured)
      if (witnesses.length === 0) return false
      const ask = (target: TouchTarget) => touchFor(scan, { target, purpose: 'watch', timeoutMs: WATCH_TIMEOUT_MS })
      if (await saysFree(witnesses, ask)) return true
    }
  }
  return false
}
