import type { ChannelAnswer, DeliveryAnswer, PreviewAnswer } from '../../schema/channels.ts'
import { NOTICES } from '../../schema/words.ts'
import { count, listed } from '../core/text.ts'
import { type KindHelp, SecretField, UrlField, Wishes } from './channel-form.tsx'
import { CHANNEL_STATE, DELIVERY, KIND, NOTICE } from './channel-words.ts'
import { StateOf } from './channels.tsx'
import { Page } from './layout.tsx'
import { AskFirst, Post } from './parts/ask-first.tsx'
import { Badge } from './parts/badge.tsx'
import { Taken } from './parts/copy.tsx'
import { SelectField, TextField } from './parts/field.tsx'
import { Fold, Form } from './parts/form.tsx'
import { type DataColumn, type ListAsk, Listing } from './parts/listing.tsx'
import { Said } from './parts/said.tsx'
import { Fact } from './parts/table.tsx'
import { Ago, Time } from './parts/time.tsx'
import type { Frame } from './views.ts'

export interface ChannelView {
  frame: Frame
  channel: ChannelAnswer
  help: KindHelp
  log: readonly DeliveryAnswer[]
  ask: ListAsk
  next: string | null
}

export const ChannelPage = ({ frame, channel, help, log, ask, next }: ChannelView) => (
  <Page title={channel.name} frame={frame}>
    <p class="crumb">
      <a href="/channels">Channels</a>
    </p>
    <h1>
      {channel.name} <span class="dim">{KIND[channel.kind]}</span>
    </h1>
    <section class={`verdict ${CHANNEL_STATE[channel.state].tone}`} aria-label="State">
      <StateOf channel={channel} now={frame.now} />
      <p>
        {CHANNEL_STATE[channel.state].sentence} Since <Time at={Date.parse(channel.stateAt)} />.
      </p>
      <div class="deeds">
        {frame.mayWrite && <Switch channel={channel} />}
        {frame.mayWrite && <Post action={`/api/v1/channels/${channel.id}/test`} name="Send a test message" />}
        <a class="button" href={`/channels/${channel.id}/preview`}>
          Preview
        </a>
        {frame.mayWrite && (
          <AskFirst
            name="Remove…"
            action={`/api/v1/channels/${channel.id}?method=DELETE`}
            button={`Remove ${channel.name}`}
          >
            {channel.waiting === 0
              ? 'Its log and its secrets go with it.'
              : `Its log, its secrets and ${count(channel.waiting, 'message that waits', 'messages that wait')} for it go with it.`}
          </AskFirst>
        )}
      </div>
    </section>
    <Facts channel={channel} />
    {frame.mayWrite ? (
      <Changes channel={channel} help={help} />
    ) : (
      <p class="dim">A key of scope write can change, test and remove it.</p>
    )}
    <section aria-labelledby="log">
      <h2 id="log">What was sent</h2>
      <Listing
        label="Messages"
        columns={deliveryColumns(frame.now, frame.mayWrite).filter(({ key }) => !DELIVERY_FILE_ONLY.includes(key))}
        rows={log}
        ask={ask}
        next={next}
        none="Nothing has been sent yet. What happens next is told here."
      />
    </section>
  </Page>
)

const Switch = ({ channel: { id, state } }: { channel: ChannelAnswer }) => (
  <Post
    action={`/api/v1/channels/${id}?method=PATCH`}
    name={state === 'on' ? 'Switch it off' : 'Switch it on'}
    fields={{ state: state === 'on' ? 'off' : 'on' }}
    kind={state === 'on' ? undefined : 'main'}
  />
)

const Facts = ({ channel }: { channel: ChannelAnswer }) => (
  <dl class="facts">
    <Fact name="Leads to">
      <code>{channel.url}</code>
    </Fact>
    <Fact name="Waiting">{count(channel.waiting, 'message')}</Fact>
    {channel.secrets.length > 0 && (
      <Fact name="Secret">
        {channel.secrets.map(({ hint, until }) => (
          <div>
            <code>{hint}</code>
            {until !== null && (
              <>
                {' '}
                until <Time at={Date.parse(until)} />
              </>
            )}
          </div>
        ))}
      </Fact>
    )}
    {channel.publicKeys.length > 0 && (
      <Fact name="Public key">
        {channel.publicKeys.map((key) => (
          <div>
            <code>{key}</code>
          </div>
        ))}
      </Fact>
    )}
    <Fact name="Told of">{toldOf(channel.events)}</Fact>
    {channel.quietHours !== null && (
      <Fact name="Quiet hours">
        {channel.quietHours.from} to {channel.quietHours.to}, {channel.quietHours.timezone}
      </Fact>
    )}
    {channel.reminders !== null && (
      <Fact name="Reminders">
        every {channel.reminders.everyDays === 1 ? 'day' : `${channel.reminders.everyDays} days`},{' '}
        {channel.reminders.atMost === 1 ? 'once' : `${channel.reminders.atMost} times at most`}
      </Fact>
    )}
    <Fact name="Added">
      <Time at={Date.parse(channel.createdAt)} />
    </Fact>
  </dl>
)

/** What is left out is shorter, where little is. */
function toldOf(events: ChannelAnswer['events']): string {
  const others = NOTICES.filter((name) => !events.includes(name))
  if (others.length === 0) return 'everything'
  return others.length <= 3 ? `everything but ${listed(others)}` : listed(events)
}

const Changes = ({ channel, help }: { channel: ChannelAnswer; help: KindHelp }) => {
  const action = `/api/v1/channels/${channel.id}?method=PATCH`
  return (
    <section aria-label="Change">
      <Fold class="card" summary="Name, and what it is told">
        <Form id="wishes" action={action}>
          <TextField id="name" label="Name" value={channel.name} maxlength={100} required />
          <Wishes kind={channel.kind} channel={channel} />
          <div class="actions">
            <button type="submit" class="main">
              Save
            </button>
          </div>
        </Form>
      </Fold>
      <Fold class="card" summary={help.secret === null ? 'Where it leads' : 'Where it leads, and its secret'}>
        <Form id="destination" action={action}>
          <UrlField help={help} />
          <SecretField help={help} required={false} />
          <div class="actions">
            <button type="submit" class="main">
              Save
            </button>
          </div>
        </Form>
        {channel.kind === 'webhook' && (
          <Form id="rotation" class="fields rotate" action={action}>
            <input type="hidden" name="rotateSecret" value="yes" />
            <TextField
              id="keepOldSecretHours"
              label="Sign with the old secret for so many hours"
              type="number"
              value="24"
              min={0}
              max={720}
              hint="Beside the new one, so that your receiver misses nothing."
            />
            <div class="actions">
              <button type="submit">Make a new secret</button>
            </div>
          </Form>
        )}
      </Fold>
    </section>
  )
}

export const deliveryColumns = (now: number, mayWrite: boolean): DataColumn<DeliveryAnswer>[] => [
  {
    key: 'at',
    name: 'When',
    cell: ({ at }) => <Ago at={Date.parse(at)} now={now} />,
    value: ({ at }) => at,
  },
  {
    key: 'event',
    name: 'Message',
    cell: ({ event, gathered, reminder }) => (
      <>
        <code title={NOTICE[event]}>{event}</code>
        {reminder > 0 && <div class="dim small">reminder {reminder}</div>}
        {gathered > 0 && <div class="dim small">speaks for {gathered} earlier ones too</div>}
      </>
    ),
    value: ({ event }) => event,
  },
  {
    key: 'state',
    name: 'State',
    cell: ({ state, nextTryAt }) => (
      <>
        <Badge tone={DELIVERY[state].tone} text={DELIVERY[state].text} />
        {nextTryAt !== null && (
          <div class="dim small">
            next try <Ago at={Date.parse(nextTryAt)} now={now} />
          </div>
        )}
      </>
    ),
    value: ({ state }) => state,
  },
  { key: 'nextTryAt', name: 'Next try', cell: () => '', value: ({ nextTryAt }) => nextTryAt },
  {
    key: 'attempts',
    name: 'Attempts',
    cell: (delivery) => <Attempts delivery={delivery} />,
    value: ({ attempts }) => attempts,
  },
  { key: 'lastStatus', name: 'Status', cell: () => '', value: ({ lastStatus }) => lastStatus },
  { key: 'lastSaid', name: 'Said', cell: () => '', value: ({ lastSaid }) => lastSaid },
  { key: 'id', name: 'Id', cell: () => '', value: ({ id }) => id },
  {
    key: 'deeds',
    name: 'Change',
    cell: ({ id, endedAt, event }) =>
      mayWrite && endedAt !== null ? (
        <Post action={`/api/v1/channels/deliveries/${id}/replay`} name="Send again" label={`Send ${event} again`} />
      ) : (
        ''
      ),
  },
]
/** Columns that only files have. */
export const DELIVERY_FILE_ONLY: readonly string[] = ['nextTryAt', 'lastStatus', 'lastSaid', 'id']

const Attempts = ({ delivery: { attempts, tries, lastSaid } }: { delivery: DeliveryAnswer }) =>
  tries.length === 0 ? (
    <>
      {attempts}
      {lastSaid !== null && (
        <div class="dim small">
          <Said text={lastSaid} />
        </div>
      )}
    </>
  ) : (
    <details class="tries">
      <summary>
        {attempts}, last {tries.at(-1)?.status ?? 'no answer'}
      </summary>
      <ol>
        {tries.map((one) => (
          <li>
            <Time at={Date.parse(one.at)} />: {one.status ?? 'no answer'} after {one.afterMs} ms{' '}
            {one.said !== '' && (
              <span class="dim">
                <Said text={one.said} />
              </span>
            )}
          </li>
        ))}
      </ol>
    </details>
  )

export interface PreviewView {
  frame: Frame
  channel: Pick<ChannelAnswer, 'id' | 'name' | 'kind'>
  preview: PreviewAnswer
}

/** The request as it would be made, as text: nothing of it is drawn. */
export const PreviewPage = ({ frame, channel, preview }: PreviewView) => (
  <Page title={`Preview for ${channel.name}`} frame={frame}>
    <p class="crumb">
      <a href="/channels">Channels</a> / <a href={`/channels/${channel.id}`}>{channel.name}</a>
    </p>
    <h1>What {channel.name} would be sent</h1>
    <form class="bar" method="get" action={`/channels/${channel.id}/preview`}>
      <SelectField
        id="event"
        label="Event"
        value={preview.event}
        options={NOTICES.map((value) => ({ value, text: `${value}: ${NOTICE[value]}` }))}
      />
      <button type="submit">Show</button>
    </form>
    <p class="dim">
      {preview.noticeId === null
        ? 'An example: nothing of this kind has happened yet.'
        : 'Of the last time that it happened.'}{' '}
      Secrets are masked.
    </p>
    <h2>Request</h2>
    <Taken
      id="request"
      label="the request"
      text={[
        `${preview.method} ${preview.url}`,
        ...Object.entries(preview.headers).map(([name, value]) => `${name}: ${value}`),
      ].join('\n')}
    />
    <h2>Body</h2>
    <Taken id="body" label="the body" text={readable(preview.body)} />
  </Page>
)

/** JSON with its lines apart; anything else as it is. */
function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}
