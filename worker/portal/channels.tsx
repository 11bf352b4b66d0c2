import type { ChannelKind, ChannelState, DeliveryState, NoticeName } from '../../schema/words.ts'
import { Page } from './layout.tsx'
import { Badge } from './parts/badge.tsx'
import { Table } from './parts/table.tsx'
import { Ago } from './parts/time.tsx'
import type { Frame } from './views.ts'
import type { Tone } from './words.ts'

export interface ChannelLine {
  kind: ChannelKind
  name: string
  /** host and last four characters */
  url: string
  state: ChannelState
  reason: string | null
  waiting: number
  last: { event: NoticeName; state: DeliveryState; at: number; said: string | null } | null
}

const STATE: Record<ChannelState, { tone: Tone; text: string }> = {
  on: { tone: 'good', text: 'on' },
  off: { tone: 'mute', text: 'off' },
  switched_off: { tone: 'bad', text: 'switched off' },
}

export const ChannelsPage = ({ frame, channels }: { frame: Frame; channels: readonly ChannelLine[] }) => (
  <Page title="Channels" frame={frame}>
    <h1>Channels</h1>
    <p class="lead">Where you are told of issues, failed scans and our own addresses.</p>
    {channels.length === 0 ? (
      <p class="none">
        Nobody is told yet. Add a channel with: <code>portwitness channels add KIND NAME URL</code>
      </p>
    ) : (
      <Table
        label="Channels"
        columns={['Name', 'Kind', 'State', 'Leads to', 'Waiting', 'Last message']}
        rows={channels.map((channel) => [
          channel.name,
          channel.kind.replaceAll('_', ' '),
          <>
            <Badge tone={STATE[channel.state].tone} text={STATE[channel.state].text} />
            {channel.reason !== null && <div class="dim">{channel.reason}</div>}
          </>,
          <code>{channel.url}</code>,
          String(channel.waiting),
          <LastMessage last={channel.last} now={frame.now} />,
        ])}
      />
    )}
  </Page>
)

const LastMessage = ({ last, now }: { last: ChannelLine['last']; now: number }) =>
  last === null ? (
    <span class="dim">nothing yet</span>
  ) : (
    <>
      {last.event}, {last.state} <Ago at={last.at} now={now} />
      {last.state !== 'sent' && last.said !== null && <div class="dim">{last.said}</div>}
    </>
  )
