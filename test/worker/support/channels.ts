/** Notices put into the outbox as the line would, and a receiver that does as it is told. */
import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import type { ChannelAnswer, DeliveryAnswer, NewChannelAnswer } from '../../../schema/channels.ts'
import type { AnyEvent, EventOf } from '../../../schema/events.ts'
import { exampleOf } from '../../../worker/deliver/examples.ts'
import { batch, openDb } from '../../../worker/store/db.ts'
import { addNotices } from '../../../worker/store/outbox.ts'
import type { Received, Reply } from '../../support/reply.ts'
import type { Stage } from './stage.ts'

export const RECEIVER = (env as unknown as { RECEIVER: string }).RECEIVER

export const script = async (name: string, replies: readonly Reply[]): Promise<void> => {
  await fetch(`${RECEIVER}/script/${name}`, { method: 'POST', body: JSON.stringify(replies) })
}
export const received = async (name: string): Promise<Received[]> =>
  (await (await fetch(`${RECEIVER}/log/${name}`)).json()) as Received[]

export const urlOf = (name: string): string => `${RECEIVER}/in/${name}`

export async function addWebhook(
  stage: Stage,
  name: string,
  more: object = {},
  key?: string,
): Promise<NewChannelAnswer> {
  const { status, body } = await stage.api<NewChannelAnswer>(
    'POST',
    '/channels',
    { kind: 'webhook', name, url: urlOf(name), ...more },
    key,
  )
  if (status !== 201) throw new Error(`the channel was refused: ${JSON.stringify(body)}`)
  return body
}

export const logOf = async (stage: Stage, { id }: Pick<ChannelAnswer, 'id'>): Promise<DeliveryAnswer[]> =>
  (await stage.api<{ items: DeliveryAnswer[] }>('GET', `/channels/${id}/deliveries`)).body.items

let counter = 0
/** Puts an event into the outbox, as the batch of what it tells of would. */
export async function put(stage: Stage, event: AnyEvent, tenantId = 'ten_default'): Promise<string> {
  const id = `ntc_${String(++counter).padStart(20, '0')}`
  const db = openDb(stage.env.DB)
  await batch(db, [addNotices(db, tenantId, [{ id, event }], sql`1`, stage.now())])
  return id
}

export const issueId = (n: number): string => `iss_${String(n).padStart(20, '0')}`

/** News of the n-th issue: of a target of its own, unless said. */
export function news(
  stage: Stage,
  type: 'issue.opened' | 'issue.updated' | 'issue.resolved',
  n: number,
  change: object = {},
  target = n,
): AnyEvent {
  const event = exampleOf(type, stage.now()) as EventOf<'issue.opened'>
  return {
    ...event,
    data: {
      ...event.data,
      issue: { ...event.data.issue, id: issueId(n) },
      links: { ...event.data.links, issue: `/issues/${issueId(n)}` },
      target: { ...event.data.target, id: `tgt_${String(target).padStart(20, '0')}` },
      ...change,
    },
  } as AnyEvent
}
