import type { ChannelAnswer } from '../../schema/channels.ts'
import { CHANNEL_KINDS, CHANNEL_STATES } from '../../schema/words.ts'
import { CHANNEL_STATE, DELIVERY, KIND } from './channel-words.ts'
import { Page } from './layout.tsx'
import { Badge } from './parts/badge.tsx'
import { type DataColumn, type ListAsk, Listing } from './parts/listing.tsx'
import { Said } from './parts/said.tsx'
import { Ago } from './parts/time.tsx'
import type { Frame } from './views.ts'

export interface ChannelsView {
  frame: Frame
  rows: readonly ChannelAnswer[]
  ask: ListAsk
  next: string | null
}

export const channelColumns = (now: number): DataColumn<ChannelAnswer>[] => [
  {
    key: 'name',
    name: 'Name',
    sorts: true,
    cell: ({ id, name }) => <a href={`/channels/${id}`}>{name}</a>,
    value: ({ name }) => name,
  },
  { key: 'kind', name: 'Kind', sorts: true, cell: ({ kind }) => KIND[kind], value: ({ kind }) => kind },
  {
    key: 'state',
    name: 'State',
    sorts: true,
    cell: (channel) => <StateOf channel={channel} now={now} />,
    value: ({ state }) => state,
  },
  { key: 'url', name: 'Leads to', cell: ({ url }) => <code>{url}</code>, value: ({ url }) => url },
  { key: 'waiting', name: 'Waiting', sorts: true, cell: ({ waiting }) => waiting, value: ({ waiting }) => waiting },
  {
    key: 'last',
    name: 'Last message',
    cell: ({ lastDelivery }) => <LastMessage last={lastDelivery} now={now} />,
    value: ({ lastDelivery }) => (lastDelivery ? `${lastDelivery.event} ${lastDelivery.state}` : null),
  },
]

export const StateOf = ({ channel, now }: { channel: ChannelAnswer; now: number }) => {
  const { tone, text } = CHANNEL_STATE[channel.state]
  return (
    <>
      <Badge tone={tone} text={text} />
      {channel.reason !== null && (
        <div class="dim small">
          <Said text={channel.reason} />
        </div>
      )}
      {channel.state === 'on' && channel.pausedUntil !== null && (
        <div class="dim small">
          left in peace, tried again <Ago at={Date.parse(channel.pausedUntil)} now={now} />
        </div>
      )}
    </>
  )
}

const LastMessage = ({ last, now }: { last: ChannelAnswer['lastDelivery']; now: number }) =>
  last === null ? (
    <span class="dim">nothing yet</span>
  ) : (
    <>
      <Badge tone={DELIVERY[last.state].tone} text={DELIVERY[last.state].text} /> <code>{last.event}</code>{' '}
      <Ago at={Date.parse(last.at)} now={now} />
      {last.state !== 'sent' && last.lastSaid !== null && (
        <div class="dim small">
          <Said text={last.lastSaid} />
        </div>
      )}
    </>
  )

export const ChannelsPage = ({ frame, rows, ask, next }: ChannelsView) => (
  <Page title="Channels" frame={frame}>
    <div class="head first">
      <h1>Channels</h1>
      {frame.mayWrite && (
        <a class="button main" href="/channels/new">
          Add a channel
        </a>
      )}
    </div>
    <p class="lead">Where you are told of issues, failed scans and our own addresses.</p>
    <Listing
      label="Channels"
      columns={channelColumns(frame.now)}
      rows={rows}
      ask={ask}
      next={next}
      searches="Name"
      filters={[
        { name: 'kind', label: 'Kind', options: CHANNEL_KINDS.map((value) => ({ value, text: KIND[value] })) },
        {
          name: 'state',
          label: 'State',
          options: CHANNEL_STATES.map((value) => ({ value, text: CHANNEL_STATE[value].text })),
        },
      ]}
      none={
        frame.mayWrite ? (
          <>
            Nobody is told yet. <a href="/channels/new">Add a channel</a>: a chat, a pager or a webhook of yours.
          </>
        ) : (
          'Nobody is told yet. A key of scope write can add a channel.'
        )
      }
    />
  </Page>
)
