/** Whose turn it is: those that answer quickly first, the slow on a lane of their own, and no tenant on all lanes while others wait. */
import type { DueChannel } from '../store/channels.ts'
import type { World } from '../world.ts'

/** An attempt that took longer ends the turn of its channel, and makes it a slow one. */
export const SLOW_MS = 2_000
/** Of one tenant at once, while another waits. */
const PER_TENANT = 2
/** Longer than this a full bucket's next token is not waited for: the next tick finds it. */
const MAX_REST_MS = 10_000

/**
 * What a lane is for. One is kept for the quick, so that slow ones never hold all; one looks at the slow first, so that
 * they have their share under whatever load of quick ones.
 */
export type Lane = 'quick only' | 'quick first' | 'slow first'

export interface Turn {
  channel: DueChannel
  /** when its bucket has a token again */
  readyAt: number
  /** it answered well and soon, as far as is known */
  isQuick: boolean
}

/** The turns of one pass. `next` hands each out to one lane alone, until that lane says `done`. */
export function turnsOf(world: Pick<World, 'clock'>, due: readonly DueChannel[], until: number) {
  const waiting: Turn[] = due.map((channel) => ({
    channel,
    readyAt: 0,
    isQuick: channel.failures === 0 && channel.tookMs <= SLOW_MS,
  }))
  const busy = new Map<string, number>()
  const lanesOf = ({ channel }: Turn): number => busy.get(channel.tenantId) ?? 0
  const count = ({ channel }: Turn, by: number): void => {
    busy.set(channel.tenantId, (busy.get(channel.tenantId) ?? 0) + by)
  }
  const taken = (turn: Turn): Turn => {
    waiting.splice(waiting.indexOf(turn), 1)
    count(turn, 1)
    return turn
  }
  const mayGo = (turn: Turn): boolean =>
    lanesOf(turn) < PER_TENANT || waiting.every(({ channel }) => channel.tenantId === turn.channel.tenantId)

  /** The first that is ready, or soon will be; null when none is in time. */
  async function next(lane: Lane): Promise<Turn | null> {
    const now = world.clock()
    const isFirst = ({ isQuick }: Turn): boolean => isQuick === (lane !== 'slow first')
    const open = waiting.filter((turn) => (turn.isQuick || lane !== 'quick only') && mayGo(turn))
    // Sorting keeps the order of those that are alike: the longest due, and the longest without a turn.
    const [ready] = open
      .filter(({ readyAt }) => readyAt <= now)
      .toSorted((a, b) => Number(isFirst(b)) - Number(isFirst(a)) || lanesOf(a) - lanesOf(b))
    if (ready) return taken(ready)
    const [first] = open.toSorted((a, b) => a.readyAt - b.readyAt)
    if (!first || first.readyAt >= until || first.readyAt - now > MAX_REST_MS) return null
    taken(first)
    await new Promise((resolve) => setTimeout(resolve, first.readyAt - now))
    if (world.clock() > now) return first
    // A clock that stands still (in a test) brings no token.
    count(first, -1)
    return null
  }
  return {
    next,
    /** `left`: what the turn came to (drain.ts) */
    done(turn: Turn, left: 'empty' | { at: number; isQuick: boolean } | null): void {
      count(turn, -1)
      if (left !== null && left !== 'empty')
        waiting.push({ channel: turn.channel, readyAt: left.at, isQuick: left.isQuick })
    },
    areLeft: (): boolean => waiting.length > 0,
  }
}
