/** Setting a channel up, and changing what it is told. */
import type { ChannelAnswer } from '../../schema/channels.ts'
import { usualFor } from '../../schema/channels.ts'
import { CAUSE_CLASSES, type ChannelKind, NOTICES, SEVERITIES } from '../../schema/words.ts'
import { KIND, NOTICE, SEVERITY } from './channel-words.ts'
import { Page } from './layout.tsx'
import { CheckField, SelectField, TextField } from './parts/field.tsx'
import { Fold, Form, Group } from './parts/form.tsx'
import type { Frame } from './views.ts'
import { CAUSE } from './words.ts'

/** What is to be given for a kind. */
export interface KindHelp {
  kind: ChannelKind
  url: string
  example: string
  secret: string | null
  hosts: readonly string[] | null
}

export const ChooseKindPage = ({ frame, kinds }: { frame: Frame; kinds: readonly KindHelp[] }) => (
  <Page title="Add a channel" frame={frame}>
    <p class="crumb">
      <a href="/channels">Channels</a>
    </p>
    <h1>Add a channel</h1>
    <p class="lead">Where should we tell you?</p>
    <ul class="tiles">
      {kinds.map(({ kind, url, secret }) => (
        <li>
          <a href={`/channels/new?kind=${kind}`}>
            <strong>{KIND[kind]}</strong>
            <span class="dim">
              takes {unbroken(url)}
              {secret !== null && kind !== 'webhook' && `, and ${secret}`}
            </span>
          </a>
        </li>
      ))}
    </ul>
  </Page>
)

/** What is to be typed as it stands (`?chat_id=`) is not broken in two lines. */
const unbroken = (words: string) =>
  words.split(/(\S*=)/).map((part) => (part.endsWith('=') ? <span class="whole">{part}</span> : part))

const sentence = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`

const hostsOf = (hosts: KindHelp['hosts']): string =>
  hosts === null
    ? 'It begins with https:// and leads to a public host, at port 443, 4443, 8443 or 9443.'
    : `It begins with https:// and is at ${hosts.map((host) => (host.startsWith('.') ? `*${host}` : host)).join(' or ')}.`

export const SecretField = ({ help, required }: { help: KindHelp; required: boolean }) =>
  help.secret === null ? null : (
    <TextField
      id="secret"
      label={help.kind === 'webhook' ? 'Signing secret' : 'Secret'}
      type="password"
      maxlength={1000}
      required={required && help.kind !== 'webhook'}
      hint={
        help.kind === 'webhook'
          ? `Left empty, we make one and show it once. Of your own: ${help.secret}.`
          : `${sentence(help.secret)} It is sealed and never shown again.`
      }
    />
  )

export const UrlField = ({ help }: { help: KindHelp }) => (
  <TextField
    id="url"
    label="URL"
    type="url"
    sealed
    placeholder={help.example}
    maxlength={2000}
    required
    hint={
      <>
        {sentence(help.url)} {hostsOf(help.hosts)} It is sealed; pages show its host and last four characters.
      </>
    }
  />
)

export const NewChannelPage = ({ frame, help }: { frame: Frame; help: KindHelp }) => (
  <Page title={`Add a channel: ${KIND[help.kind]}`} frame={frame}>
    <p class="crumb">
      <a href="/channels">Channels</a> / <a href="/channels/new">Add a channel</a>
    </p>
    <h1>
      Add a channel <span class="dim">{KIND[help.kind]}</span>
    </h1>
    <Form id="new-channel" class="card fields" action="/api/v1/channels">
      <input type="hidden" name="kind" value={help.kind} />
      <TextField id="name" label="Name" placeholder="Security team" maxlength={100} required />
      <UrlField help={help} />
      <SecretField help={help} required />
      <Fold summary="What it is told, and when">
        <Wishes kind={help.kind} channel={null} />
      </Fold>
      <div class="actions">
        <button type="submit" class="main">
          Add it
        </button>
        <a href="/channels">Cancel</a>
      </div>
    </Form>
  </Page>
)

type Wished = Pick<ChannelAnswer, 'events' | 'filters' | 'quietHours' | 'reminders'>

/** Events, filters, quiet hours and reminders: always all of them, for what is left empty is off. */
export const Wishes = ({ kind, channel }: { kind: ChannelKind; channel: Wished | null }) => {
  const events = channel?.events ?? usualFor(kind)
  const { severity = null, causeClass = [], targetTags = [] } = channel?.filters ?? {}
  return (
    <div class="fields">
      <Group id="told-of" legend="Told of" of="events">
        <p class="hint">One at least. A channel that is to tell nothing for a while is switched off on its page.</p>
        {NOTICES.map((name) => (
          <CheckField
            id={`event-${name}`}
            name="events"
            value={name}
            label={NOTICE[name]}
            checked={events.includes(name)}
          />
        ))}
      </Group>
      <SelectField
        id="severity"
        of="filters.severity"
        label="How grave"
        value={severity ?? ''}
        options={[
          { value: '', text: 'everything' },
          ...SEVERITIES.filter((word) => word !== 'info').map((value) => ({ value, text: SEVERITY[value] })),
        ]}
      />
      <Group
        id="causes"
        legend="Only of these causes"
        of="filters.causeClass"
        hint="None chosen: of any. It holds where something was lost."
      >
        <div class="checks">
          {CAUSE_CLASSES.map((word) => (
            <CheckField
              id={`cause-${word}`}
              name="causeClass"
              value={word}
              label={CAUSE[word].name}
              checked={causeClass.includes(word)}
            />
          ))}
        </div>
      </Group>
      <TextField
        id="targetTags"
        of="filters.targetTags"
        label="Only of targets with one of these tags"
        value={targetTags.join(', ')}
        placeholder="production, pci"
        maxlength={1300}
        hint="With commas between them."
      />
      <Quiet quiet={channel?.quietHours ?? null} />
      <Reminding reminders={channel?.reminders ?? null} />
    </div>
  )
}

const Quiet = ({ quiet }: { quiet: ChannelAnswer['quietHours'] }) => (
  <Group
    id="quiet"
    legend="Quiet hours"
    of="quietHours"
    hint="What comes in them is told afterwards, one message for each issue. Left empty: there are none."
  >
    <div class="line-fields">
      <TextField id="quietFrom" of="quietHours.from" label="From" type="time" value={quiet?.from} />
      <TextField id="quietTo" of="quietHours.to" label="To" type="time" value={quiet?.to} />
      <TextField
        id="timezone"
        of="quietHours.timezone"
        label="Time zone"
        value={quiet?.timezone}
        placeholder="Europe/Berlin"
        maxlength={64}
      />
      <SelectField
        id="quietUnless"
        of="quietHours.unless"
        label="But told at once"
        value={quiet?.unless ?? ''}
        options={[
          { value: '', text: 'nothing' },
          ...SEVERITIES.map((value) => ({ value, text: `${value} or graver` })),
        ]}
      />
    </div>
  </Group>
)

const Reminding = ({ reminders }: { reminders: ChannelAnswer['reminders'] }) => (
  <Group id="reminders" legend="Reminders" of="reminders" hint="While an issue is open. Left empty: none.">
    <div class="line-fields">
      <TextField
        id="remindEveryDays"
        of="reminders.everyDays"
        label="Every so many days"
        type="number"
        value={reminders ? String(reminders.everyDays) : undefined}
        min={1}
        max={90}
      />
      <TextField
        id="remindAtMost"
        of="reminders.atMost"
        label="So often at most"
        type="number"
        value={reminders ? String(reminders.atMost) : undefined}
        placeholder="5"
        min={1}
        max={20}
      />
    </div>
  </Group>
)
