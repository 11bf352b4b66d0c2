/** What a tenant does with its channels: set up, change, try. Nothing here ever gives a secret back but the one just made. */
import type { ChannelBody, ChannelChange } from '../../schema/channels.ts'
import type { AnyEvent } from '../../schema/events.ts'
import { newId } from '../../schema/ids.ts'
import type { ChannelKind, NoticeName } from '../../schema/words.ts'
import { Failure, tenantGone } from '../failure.ts'
import type { Message, Request } from '../notify/channel.ts'
import { channelOf, render } from '../notify/channels.ts'
import { checkDestination } from '../notify/destination.ts'
import { base64 } from '../seal.ts'
import { luck } from '../secrets.ts'
import {
  addChannel,
  type ChannelRow,
  changeChannel,
  forgetMemories,
  MAX_CHANNELS,
  newChannelId,
} from '../store/channels.ts'
import { readTenant } from '../store/keys.ts'
import { lastNotice } from '../store/outbox.ts'
import { planReminders } from '../store/reminders.ts'
import type { World } from '../world.ts'
import { type Sent, sendTo } from './attempt.ts'
import { masked, needKeyring, objection, open, type Sealed, seal, validAt } from './destination.ts'
import { exampleOf } from './examples.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const KEEP_OLD_HOURS = 24
/** Standard Webhooks: 24 to 64 bytes. */
const SECRET_BYTES = 32

const madeSecret = (): string => `whsec_${base64(luck(SECRET_BYTES))}`

/** Throws with each bad field when the destination is not one for this kind, or leads where nothing may be sent. */
async function mustBeGood(world: World, kind: ChannelKind, content: Sealed): Promise<void> {
  const to = validAt(content, world.now)
  const faults = checkDestination(kind, to, { allowLocal: world.allowLocalReceivers })
  const [first] = faults
  if (first) throw new Failure('invalid', `${first.field}: ${first.detail}`, faults)
  const refused = await objection(world, kind, to)
  if (refused) throw new Failure('invalid', `url: ${refused.reason}`, [{ field: 'url', detail: refused.reason }])
}

/** A new channel, and its secret when it was made here. */
export async function addOne(
  world: World,
  tenantId: string,
  body: ChannelBody,
): Promise<{ row: ChannelRow; secret: string | null }> {
  needKeyring(world)
  const made = body.kind === 'webhook' && !body.secret ? madeSecret() : null
  const secret = body.secret ?? made
  const content: Sealed = { url: body.url, secrets: secret === null ? [] : [{ value: secret, until: null }] }
  await mustBeGood(world, body.kind, content)
  const id = newChannelId()
  const { rate } = channelOf(body.kind)
  const wish = {
    ...(await seal(world, tenantId, id, content)),
    kind: body.kind,
    name: body.name,
    events: body.events ?? null,
    filters: body.filters ?? { severity: null, causeClass: [], targetTags: [] },
    quietHours: body.quietHours ?? null,
    reminders: body.reminders ?? null,
  }
  const row = await addChannel(world.db, tenantId, id, wish, rate.burst, world.now)
  if (!row && !(await readTenant(world.db, tenantId))) throw tenantGone()
  if (!row) throw new Failure('conflict', `There are ${MAX_CHANNELS} channels already: as many as there may be.`)
  return { row, secret: made }
}

/** The channel as it is now, and its new secret when one was made; null when somebody else changed it meanwhile. */
export async function changeOne(
  world: World,
  row: ChannelRow,
  change: ChannelChange,
): Promise<{ row: ChannelRow; secret: string | null } | null> {
  const { url, secret, rotateSecret, keepOldSecretHours, state, ...rest } = change
  if (rotateSecret === true && (row.kind !== 'webhook' || secret !== undefined))
    throw new Failure('invalid', 'rotateSecret: only for kind webhook, and not beside a secret of your own', [
      { field: 'rotateSecret', detail: 'only for kind webhook, and not beside a secret of your own' },
    ])
  const made = rotateSecret === true ? madeSecret() : null
  const next = secret ?? made
  const isMoved = url !== undefined || next !== null
  const content = isMoved ? await open(world, row) : null
  if (content && url !== undefined && next === null) mustNotTake(row.kind, content, url)
  const renewed: Sealed | null = content && {
    url: url ?? content.url,
    secrets:
      next === null
        ? content.secrets
        : [
            { value: next, until: null },
            ...oldSecrets(row.kind, content, keepOldSecretHours ?? KEEP_OLD_HOURS, world.now),
          ],
  }
  if (renewed) await mustBeGood(world, row.kind, renewed)
  const isSwitched = state !== undefined && state !== row.state
  const changed = await changeChannel(world.db, row.tenantId, row.id, row.sealed, {
    ...defined(rest),
    ...(renewed ? await seal(world, row.tenantId, row.id, renewed) : {}),
    ...(isSwitched ? { state, stateReason: null, stateAt: world.now } : {}),
    // Whoever mends a channel wants to see it work now.
    ...(isMoved || isSwitched ? { pausedUntil: 0, failures: 0 } : {}),
  })
  if (changed && url !== undefined && url !== content?.url) await forgetMemories(world.db, changed)
  if (changed && change.reminders !== undefined) {
    const every = change.reminders?.everyDays
    await planReminders(world.db, changed, every === undefined ? null : world.now + every * DAY_MS)
  }
  return changed && { row: changed, secret: made }
}

/**
 * A secret that is sent as it is goes to no other host than the one that it was given for: or whoever may change a
 * channel could read it there. A webhook's only signs.
 */
function mustNotTake(kind: ChannelKind, { url, secrets }: Sealed, to: string): void {
  if (kind === 'webhook' || secrets.length === 0 || !URL.canParse(to) || new URL(to).origin === new URL(url).origin)
    return
  const detail = 'is needed again with a url of another scheme, host or port: the stored one is not sent there'
  throw new Failure('invalid', `secret: ${detail}`, [{ field: 'secret', detail }])
}

/** The secret before goes on for a while; never more than two are valid. */
function oldSecrets(kind: ChannelKind, { secrets }: Sealed, hours: number, now: number): Sealed['secrets'] {
  if (kind !== 'webhook' || hours === 0) return []
  return secrets
    .filter(({ until }) => until === null || until > now)
    .slice(0, 1)
    .map(({ value }) => ({ value, until: now + hours * HOUR_MS }))
}

const defined = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T

/** An example, sent now, past quiet hours and whatever waits. */
export const tryOne = (world: World, row: ChannelRow): Promise<Sent> =>
  sendTo(
    world,
    row,
    { id: newId('ntc'), event: exampleOf('issue.opened', world.now), base: world.base, isTest: true },
    null,
  )

/** Its signature left out: whoever may only read could send it to the receiver as ours. */
const withoutSignature = (request: Request, id: string, at: number): Request =>
  request.isSigned === true
    ? {
        ...request,
        headers: {
          ...request.headers,
          'webhook-id': id,
          'webhook-timestamp': `${Math.floor(at / 1_000)}`,
          'webhook-signature': 'v1,…',
        },
      }
    : request

/** What would be sent: of this notice, of the last one of this name, or of an example. Secrets are masked. */
export async function previewOf(
  world: World,
  row: ChannelRow,
  wish: { event: NoticeName; noticeId: string | null },
): Promise<{ noticeId: string | null; event: NoticeName; request: Request }> {
  const notice = await lastNotice(world.db, row.tenantId, wish.noticeId ? { id: wish.noticeId } : { name: wish.event })
  if (wish.noticeId && !notice) throw new Failure('not_found', 'There is no notice with that id.')
  const to = validAt(await open(world, row), world.now)
  const event = notice ? (JSON.parse(notice.body) as AnyEvent) : exampleOf(wish.event, world.now)
  const message: Message = { id: notice?.id ?? 'ntc_00000000000000000000', event, base: world.base }
  const request = withoutSignature(render(row.kind, message, to), message.id, world.now)
  const hide = (text: string) => masked(text, to)
  return {
    noticeId: notice?.id ?? null,
    event: event.type,
    request: {
      method: request.method,
      url: hide(request.url),
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, hide(value)])),
      body: hide(request.body),
    },
  }
}
