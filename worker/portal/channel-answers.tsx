/** What a form of a channel is answered with, at once and never again. */
import type { NewChannelAnswer, TestAnswer } from '../../schema/channels.ts'
import { Page } from './layout.tsx'
import { Badge } from './parts/badge.tsx'
import { Taken } from './parts/copy.tsx'
import { Said } from './parts/said.tsx'
import { Fact } from './parts/table.tsx'
import { Time } from './parts/time.tsx'
import type { Frame } from './views.ts'

export const SecretPage = ({ frame, channel, isNew }: { frame: Frame; channel: NewChannelAnswer; isNew: boolean }) => {
  const older = channel.secrets.find(({ until }) => until !== null)
  return (
    <Page title={`The secret of ${channel.name}`} frame={frame}>
      <p class="crumb">
        <a href="/channels">Channels</a> / <a href={`/channels/${channel.id}`}>{channel.name}</a>
      </p>
      <h1>{isNew ? `${channel.name} is added` : `A new secret for ${channel.name}`}</h1>
      <section class="verdict info" aria-label="The secret">
        <p>
          <strong>It is shown this once.</strong> Give it to your receiver: with it, it checks that a message is ours
          (Standard Webhooks, HMAC-SHA256).
        </p>
        <Taken id="secret" text={channel.secret ?? ''} label="the secret" />
        {older?.until && (
          <p>
            The one before ({older.hint}) signs beside it until <Time at={Date.parse(older.until)} />.
          </p>
        )}
      </section>
      <p>
        <a class="button" href={`/channels/${channel.id}`}>
          I have copied it
        </a>
      </p>
    </Page>
  )
}

export const TestedPage = ({ frame, id, tested }: { frame: Frame; id: string; tested: TestAnswer }) => (
  <Page title="Test message" frame={frame}>
    <p class="crumb">
      <a href="/channels">Channels</a> / <a href={`/channels/${id}`}>Channel</a>
    </p>
    <section class={`verdict ${tested.delivered ? 'good' : 'bad'}`} aria-labelledby="outcome">
      <Badge tone={tested.delivered ? 'good' : 'bad'} text={tested.delivered ? 'delivered' : 'not delivered'} />
      <h1 id="outcome">{tested.delivered ? 'The test message arrived' : 'The test message did not arrive'}</h1>
      <p>
        {tested.delivered
          ? 'It says of itself that it is a test. Look for it where your team reads.'
          : 'Nothing was changed. Messages that are on their way are tried again by themselves; this one is not.'}
      </p>
    </section>
    <dl class="facts">
      <Fact name="Status">{tested.status === null ? 'no answer came' : tested.status}</Fact>
      <Fact name="It took">{tested.afterMs} ms</Fact>
      <Fact name="The platform said">{tested.said === '' ? 'nothing' : <Said text={tested.said} />}</Fact>
    </dl>
    <p>
      <a class="button" href={`/channels/${id}`}>
        Back to the channel
      </a>
    </p>
  </Page>
)
