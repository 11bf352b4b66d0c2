/** Empties channels: a few at a time, each by one sender, in a fair order, as long as there is time and work allowed. */
import { channelOf } from '../notify/channels.ts'
import { dueChannels } from '../store/channels.ts'
import { causeOf } from '../store/db.ts'
import { claimNext, release } from '../store/deliveries.ts'
import type { World } from '../world.ts'
import { attempt } from './attempt.ts'
import { type Lane, SLOW_MS, type Turn, turnsOf } from './turns.ts'

/** A Worker has six connections at once; one is left for others. */
const AT_ONCE = 5
/** Of one channel before the next has its turn. */
const PER_TURN = 5
/** Queries of D1, a batch being one: to ask a channel for its next message and read it, to write what became of it. */
const TO_ASK = 2
const TO_END = 1
/** To leave it for the next. */
const TO_LEAVE = 1
/** To count what waits for one that is gone. */
const TO_SWITCH_OFF = 1
const MESSAGE = TO_ASK + TO_END + TO_SWITCH_OFF
/** A turn begins only if it can end. */
const TURN = MESSAGE + TO_LEAVE

/** Queries of D1 that may still be made: an invocation has 1,000 in all, and what is sent when none is left is sent twice. */
export interface Budget {
  queries: number
}

/** As many queries as about that many messages need. */
export const budgetFor = (messages: number): Budget => ({ queries: messages * (MESSAGE + TO_LEAVE) })

/**
 * Sends what is due until `until` (by the world's clock) or until the budget is used up, of one tenant or of all; true
 * when something is left.
 */
export async function drainDue(world: World, tenantId: string | null, until: number, budget: Budget): Promise<boolean> {
  if (budget.queries < TURN) return true
  // Each costs a turn at least.
  const most = Math.ceil(budget.queries / (TO_ASK + TO_LEAVE))
  budget.queries -= 1
  const due = await dueChannels(world.db, { now: world.clock(), slowMs: SLOW_MS, limit: most, tenantId })
  const turns = turnsOf(world, due, until)
  let isLeft = due.length === most
  const work = async (lane: Lane): Promise<void> => {
    while (world.clock() < until && budget.queries >= TURN) {
      // Set aside before anything is awaited: other lanes count on what is left.
      budget.queries -= TO_LEAVE
      const turn = await turns.next(lane)
      if (!turn) {
        budget.queries += TO_LEAVE
        break
      }
      const left = await drain(world, turn, until, budget).catch((error: unknown) => {
        console.error(JSON.stringify({ event: 'delivery.failed', channel: turn.channel.id, error: causeOf(error) }))
        return null
      })
      if (left === null) isLeft = true
      turns.done(turn, left)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, due.length) }, (_, i) => work(laneOf(i))))
  return isLeft || turns.areLeft()
}

const laneOf = (i: number): Lane => (i === 0 ? 'slow first' : i === AT_ONCE - 1 ? 'quick only' : 'quick first')

/** One turn of a channel: `empty`; when it may go on, and whether it was quick; null when it is to be left alone for now. */
async function drain(
  world: World,
  { channel: { tenantId, id, kind } }: Turn,
  until: number,
  budget: Budget,
): Promise<'empty' | { at: number; isQuick: boolean } | null> {
  const token = crypto.randomUUID()
  const at = { tenantId, channelId: id }
  const { rate } = channelOf(kind)
  try {
    for (let turn = 0; turn < PER_TURN && world.clock() < until && budget.queries >= MESSAGE; turn++) {
      budget.queries -= MESSAGE
      const { claimed, waitMs } = await claimNext(world.db, at, rate, token, world.clock())
      if (!claimed) {
        budget.queries += TO_END + TO_SWITCH_OFF
        return waitMs === null ? 'empty' : { at: world.clock() + waitMs, isQuick: true }
      }
      const onward = await attempt(world, claimed, token)
      if (onward === 'stop') return null
      budget.queries += TO_SWITCH_OFF
      if (onward === 'others') return { at: world.clock(), isQuick: false }
    }
    return { at: world.clock(), isQuick: true }
  } finally {
    await release(world.db, at, token)
  }
}
