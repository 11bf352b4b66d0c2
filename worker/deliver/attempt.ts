/** One message, once: rendered, signed, sent, and what came of it written down. */
import type { AnyEvent } from '../../schema/events.ts'
import { derivedId } from '../../schema/ids.ts'
import { quietUntil } from '../core/delivery/quiet.ts'
import { retold } from '../core/delivery/retold.ts'
import { isOverThrottled, nextTry, pauseMs } from '../core/delivery/schedule.ts'
import { switchedOffNotice } from '../core/notices/fleet.ts'
import { type Outcome, outcomeOf } from '../notify/answer.ts'
import type { Destination, Message, Request } from '../notify/channel.ts'
import { channelOf, render } from '../notify/channels.ts'
import { clipped } from '../notify/plain.ts'
import { signedHeaders } from '../notify/signing.ts'
import type { ChannelRow } from '../store/channels.ts'
import { type Claimed, countOpen, type Ending, endAttempt } from '../store/deliveries.ts'
import type { World } from '../world.ts'
import { masked, objection, open, validAt } from './destination.ts'
import { SLOW_MS } from './turns.ts'

const MAX_SAID = 200

/** What one request came to. */
export interface Sent {
  outcome: Outcome
  /** null: no answer came */
  status: number | null
  /** without secrets */
  said: string
  afterMs: number
}

/** Sends a message to where a channel leads, if it may; never throws for what the platform does. */
export async function sendTo(
  world: World,
  channel: ChannelRow,
  message: Message,
  memory: string | null,
): Promise<Sent> {
  const began = world.clock()
  const sent = (outcome: Outcome, status: number | null, to: Destination | null): Sent => {
    const reason = outcome.is === 'sent' ? `${status}` : outcome.reason
    return {
      outcome,
      status,
      said: clipped(to ? masked(reason, to) : reason, MAX_SAID),
      afterMs: world.clock() - began,
    }
  }
  const later = (reason: string): Outcome => ({ is: 'later', afterMs: null, isThrottled: false, reason })
  const to = await open(world, channel).then(
    (sealed) => validAt(sealed, began),
    () => null,
  )
  if (!to) return sent(later('its secrets cannot be opened: CHANNEL_KEY lacks the key'), null, null)
  const refused = await objection(world, channel.kind, to)
  if (refused) return sent(refused.isForGood ? { is: 'gone', reason: refused.reason } : later(refused.reason), null, to)
  const answer = await world.post(
    await signed(render(channel.kind, message, to, memory), message.id, to, world.clock()),
  )
  if ('fault' in answer) return sent(later(answer.fault), null, to)
  const outcome = outcomeOf(channelOf(channel.kind), answer, memory !== null, world.clock(), (text) => masked(text, to))
  return sent(outcome, answer.status, to)
}

/** The request with its signatures, of every key that is valid. */
export async function signed(request: Request, id: string, { secrets }: Destination, at: number): Promise<Request> {
  if (request.isSigned !== true) return request
  return { ...request, headers: { ...request.headers, ...(await signedHeaders(id, at, request.body, secrets)) } }
}

/** What comes next for the channel: its next message, a turn of the others first, or nothing for now. */
export type Onward = 'next' | 'others' | 'stop'

/** Sends what was taken up. */
export async function attempt(world: World, claimed: Claimed, token: string): Promise<Onward> {
  const { delivery, channel } = claimed
  const now = world.clock()
  const untouched = { failures: channel.failures, pausedUntil: 0, switchedOff: null }
  const without = (state: Ending['state'], next: Ending['next'] = null): Promise<Onward> => {
    const ending = { state, next, tried: null, memory: null, forgets: false, channel: untouched }
    return endAttempt(world.db, claimed, token, ending, now).then(onwardIf)
  }
  if (claimed.body === null) return without('dropped')
  const stored = JSON.parse(claimed.body) as AnyEvent
  const isNews = stored.type === 'issue.opened' || stored.type === 'issue.updated'
  if (isNews && (claimed.snoozedUntil ?? 0) > now) return without('dropped')
  const quiet = quietUntil(channel.quietHours, stored.data.severity, now)
  if (quiet !== null) return without('waiting', { at: quiet, step: delivery.step })

  const message: Message = {
    id: delivery.reminder > 0 ? delivery.id : delivery.noticeId,
    event: retold(stored, delivery, now),
    base: world.base,
  }
  const sent = await sendTo(world, channel, message, claimed.memory)
  return conclude(world, claimed, token, sent)
}

/** A sender whose word was not taken was too late: another is at work. */
const onwardIf = (isWritten: boolean): Onward => (isWritten ? 'next' : 'stop')

async function conclude(world: World, claimed: Claimed, token: string, sent: Sent): Promise<Onward> {
  const { delivery, channel } = claimed
  const now = world.clock()
  const tried = { at: now, afterMs: sent.afterMs, status: sent.status, said: sent.said }
  const { outcome } = sent
  const base = { tried, memory: null, forgets: false }
  const fine = { failures: 0, pausedUntil: 0, switchedOff: null }
  const write = async (ending: Ending): Promise<Onward> => {
    const onward = onwardIf(await endAttempt(world.db, claimed, token, ending, now))
    return onward === 'next' && sent.afterMs > SLOW_MS ? 'others' : onward
  }
  switch (outcome.is) {
    case 'sent':
      return write({ ...base, state: 'sent', next: null, memory: outcome.remember, channel: fine })
    case 'refused':
      return write({ ...base, state: 'failed', next: null, channel: fine })
    case 'forgotten':
      return write({ ...base, state: 'waiting', next: { at: now, step: delivery.step }, forgets: true, channel: fine })
    case 'gone': {
      const waiting = await countOpen(world.db, channel.tenantId, channel.id)
      const notice = {
        id: await derivedId('ntc', channel.id, now),
        event: switchedOffNotice({ id: channel.id, kind: channel.kind, name: channel.name }, sent.said, waiting, now),
      }
      // The message waits: it is not its fault.
      const next = { at: now, step: delivery.step }
      await write({ ...base, state: 'waiting', next, channel: { ...fine, switchedOff: { reason: sent.said, notice } } })
      return 'stop'
    }
    case 'later': {
      const { afterMs, isThrottled } = outcome
      const next = nextTry(delivery, { afterMs, isThrottled }, now)
      // A throttle is about the channel, whatever was sent; other failures only when they come one after the other.
      const throttles = delivery.tries.length - 1 - delivery.tries.findLastIndex(({ status }) => status !== sent.status)
      const isFailure = !isThrottled || isOverThrottled(throttles)
      const failures = channel.failures + (isFailure ? 1 : 0)
      const askedMs = isThrottled ? Math.max(1_000, afterMs ?? 0) : 0
      const pausedUntil = now + Math.max(askedMs, isFailure ? pauseMs(failures) : 0)
      await write({
        ...base,
        state: next ? 'waiting' : 'failed',
        next,
        channel: { failures, pausedUntil, switchedOff: null },
      })
      return pausedUntil > now ? 'stop' : 'others'
    }
  }
}
