/** Empties channels: a few at a time, each by one sender, in a fair order, and no longer than there is time. */
import { channelOf } from '../notify/channels.ts'
import { type ChannelRow, dueChannels } from '../store/channels.ts'
import { causeOf } from '../store/db.ts'
import { claimNext, release } from '../store/deliveries.ts'
import type { World } from '../world.ts'
import { attempt } from './attempt.ts'

/** A Worker has six connections at once; one is left for others. */
const AT_ONCE = 5
/** Of one channel before the next has its turn. */
const PER_TURN = 20
const CHANNELS = 200
/** Longer than this a full bucket's next token is not waited for: the next tick finds it. */
const MAX_REST_MS = 10_000

interface Turn {
  channel: Pick<ChannelRow, 'tenantId' | 'id' | 'kind'>
  /** when its bucket has a token again */
  readyAt: number
}

/** Sends what is due until `until` (by the world's clock), of one tenant or of all; true when something is left. */
export async function drainDue(world: World, tenantId: string | null, until: number): Promise<boolean> {
  const due = await dueChannels(world.db, world.clock(), CHANNELS, tenantId)
  const queue: Turn[] = due.map((channel) => ({ channel, readyAt: 0 }))
  let isLeft = due.length === CHANNELS
  const lane = async (): Promise<void> => {
    while (world.clock() < until) {
      const turn = await nextTurn(world, queue, until)
      if (!turn) break
      const left = await drain(world, turn.channel, until).catch((error: unknown) => {
        console.error(JSON.stringify({ event: 'delivery.failed', channel: turn.channel.id, error: causeOf(error) }))
        return null
      })
      if (left === null) isLeft = true
      else if (left !== 'empty') queue.push({ channel: turn.channel, readyAt: left })
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, lane))
  return isLeft || queue.length > 0
}

/** The first that is ready, or soon will be; null when none is in time. */
async function nextTurn(world: World, queue: Turn[], until: number): Promise<Turn | null> {
  const now = world.clock()
  const ready = queue.findIndex(({ readyAt }) => readyAt <= now)
  if (ready >= 0) return queue.splice(ready, 1)[0] ?? null
  const [first] = queue.toSorted((a, b) => a.readyAt - b.readyAt)
  if (!first || first.readyAt >= until || first.readyAt - now > MAX_REST_MS) return null
  queue.splice(queue.indexOf(first), 1)
  await new Promise((resolve) => setTimeout(resolve, first.readyAt - now))
  // A clock that stands still (in a test) brings no token.
  return world.clock() > now ? first : null
}

/** One turn of a channel: `empty`; or when it may go on; null when it is to be left alone for now. */
async function drain(
  world: World,
  { tenantId, id, kind }: Turn['channel'],
  until: number,
): Promise<'empty' | number | null> {
  const token = crypto.randomUUID()
  const at = { tenantId, channelId: id }
  const { rate } = channelOf(kind)
  try {
    for (let turn = 0; turn < PER_TURN && world.clock() < until; turn++) {
      const { claimed, waitMs } = await claimNext(world.db, at, rate, token, world.clock())
      if (!claimed) return waitMs === null ? 'empty' : world.clock() + waitMs
      const onward = await attempt(world, claimed, token)
      if (onward === 'stop') return null
      if (onward === 'others') break
    }
    return world.clock()
  } finally {
    await release(world.db, at, token)
  }
}
