/** Pages of channels: where you are told, and what became of each message. */
import { type Context, Hono } from 'hono'
import type { ChannelAnswer } from '../../schema/channels.ts'
import { CHANNEL_KINDS, CHANNEL_STATES, type ChannelKind, NOTICES } from '../../schema/words.ts'
import type { AppEnv } from '../context.ts'
import { KIND_FORMS, type KindForm } from '../deliver/kinds.ts'
import { previewOf } from '../deliver/manage.ts'
import { badField, Failure } from '../failure.ts'
import { allow, tenant } from '../guards/tenant.ts'
import { ChannelPage, deliveryColumns, PreviewPage } from '../portal/channel.tsx'
import { ChooseKindPage, NewChannelPage } from '../portal/channel-form.tsx'
import { ChannelsPage, channelColumns } from '../portal/channels.tsx'
import { type ChannelRow, listChannels, readChannel, readSides } from '../store/channels.ts'
import { countOpen, listDeliveries } from '../store/deliveries.ts'
import { readCursor } from '../store/page.ts'
import { channelAnswer, deliveryAnswer } from './channel-shape.ts'
import { askOf, fileOfHeld, type HeldRules, pageOfHeld } from './held-list.ts'
import { fileFormat, fileOf, listAsk } from './listing.ts'
import { wordIn } from './query.ts'
import { asPage, frameOf, show } from './show.tsx'

const PAGE = 50
const FILE_PAGE = 200

const CHANNELS: HeldRules<ChannelAnswer> = {
  columns: channelColumns(0),
  words: ({ name, id }) => [name, id],
  filters: { kind: ({ kind }, value) => kind === value, state: ({ state }, value) => state === value },
}

async function found(c: Context<AppEnv>): Promise<ChannelRow> {
  const row = await readChannel(c.var.world.db, c.var.caller.tenantId, c.req.param('id') ?? '')
  if (!row) throw new Failure('not_found', 'There is no channel with that id.')
  return row
}

function helpFor(kind: ChannelKind): KindForm {
  const help = KIND_FORMS.find((one) => one.kind === kind)
  if (!help) throw badField('invalid', 'kind', `must be one of ${CHANNEL_KINDS.join(', ')}`)
  return help
}

const cursorIn = (text: string) => {
  const cursor = text === '' ? null : readCursor(text)
  if (text !== '' && cursor === null) throw badField('invalid', 'cursor', 'must be that of an earlier page')
  return cursor
}

export const channelsPageRoutes = new Hono<AppEnv>()
  // Matches the path itself, too: twice would answer twice.
  .use('/channels/*', asPage)
  .get('/channels', tenant, async (c) => {
    const { world, caller } = c.var
    const ask = askOf(c, CHANNELS, { kind: CHANNEL_KINDS, state: CHANNEL_STATES })
    const [rows, sides] = await Promise.all([
      listChannels(world.db, caller.tenantId),
      readSides(world.db, caller.tenantId),
    ])
    const all = rows.map((row) => channelAnswer(row, sides.get(row.id), world.now))
    const file = fileOfHeld(c, 'channels', all, ask, CHANNELS)
    if (file) return file
    return show(c, <ChannelsPage frame={await frameOf(c)} ask={ask} {...pageOfHeld(all, ask, CHANNELS)} />)
  })
  .get('/channels/new', tenant, allow('write'), async (c) => {
    const kind = wordIn(c, 'kind', CHANNEL_KINDS)
    const frame = await frameOf(c)
    if (kind === undefined) return show(c, <ChooseKindPage frame={frame} kinds={KIND_FORMS} />)
    return show(c, <NewChannelPage frame={frame} help={helpFor(kind)} />)
  })
  .get('/channels/:id', tenant, async (c) => {
    const { world, caller } = c.var
    const ask = listAsk(c, {})
    const row = await found(c)
    const format = fileFormat(c)
    if (format)
      return fileOf('messages', format, deliveryColumns(0, false), async (cursor) => {
        const page = { limit: FILE_PAGE, cursor: cursorIn(cursor) }
        const { items, nextCursor } = await listDeliveries(world.db, caller.tenantId, row.id, page)
        return { rows: items.map(deliveryAnswer), next: nextCursor }
      })
    const [waiting, log, frame] = await Promise.all([
      countOpen(world.db, caller.tenantId, row.id),
      listDeliveries(world.db, caller.tenantId, row.id, { limit: PAGE, cursor: cursorIn(ask.cursor) }),
      frameOf(c),
    ])
    return show(
      c,
      <ChannelPage
        frame={frame}
        channel={channelAnswer(row, { waiting, last: null }, world.now)}
        help={helpFor(row.kind)}
        log={log.items.map(deliveryAnswer)}
        ask={ask}
        next={log.nextCursor}
      />,
    )
  })
  .get('/channels/:id/preview', tenant, async (c) => {
    const row = await found(c)
    const wish = { event: wordIn(c, 'event', NOTICES) ?? 'issue.opened', noticeId: null }
    const { request, ...rest } = await previewOf(c.var.world, row, wish)
    return show(c, <PreviewPage frame={await frameOf(c)} channel={row} preview={{ ...rest, ...request }} />)
  })
