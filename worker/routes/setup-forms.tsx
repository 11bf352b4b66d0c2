/** What our set-up pages ask the API by form, and what the browser is shown then. */
import { Hono } from 'hono'
import type { EnrolmentAnswer, NewKeyAnswer, NewTenantAnswer } from '../../schema/api.ts'
import type { NewChannelAnswer, TestAnswer } from '../../schema/channels.ts'
import type { AppEnv } from '../context.ts'
import { SecretPage, TestedPage } from '../portal/channel-answers.tsx'
import { EnrolledPage } from '../portal/enrolled.tsx'
import { NewKeyPage, NewTenantPage } from '../portal/new-key.tsx'
import { led, said, shown } from './forms.ts'
import { baseOf } from './published.ts'
import { frameOf, show } from './show.tsx'

const seeOther = (to: string): Response => new Response(null, { status: 303, headers: { location: to } })

export const setupForms = new Hono<AppEnv>()
  .on(
    'POST',
    '/api/v1/probes/enrolments',
    shown<EnrolmentAnswer>(async (c, enrolment) =>
      show(c, <EnrolledPage frame={await frameOf(c)} enrolment={enrolment} base={baseOf(c)} />),
    ),
  )
  .on(
    'PATCH',
    '/api/v1/probes/:id',
    led(() => said('/fleet', 'saved')),
  )
  .on(
    'DELETE',
    '/api/v1/probes/:id',
    led(() => said('/fleet', 'removed')),
  )
  .on(
    'POST',
    '/api/v1/beacons',
    led(() => said('/fleet/beacons', 'added')),
  )
  .on(
    'DELETE',
    '/api/v1/beacons/:id',
    led(() => said('/fleet/beacons', 'removed')),
  )
  .on(
    'POST',
    '/api/v1/canaries',
    led(() => said('/fleet/canaries', 'added')),
  )
  .on(
    'DELETE',
    '/api/v1/canaries/:id',
    led(() => said('/fleet/canaries', 'removed')),
  )
  .on(
    'POST',
    '/api/v1/keys',
    shown<NewKeyAnswer>(async (c, key) => show(c, <NewKeyPage frame={await frameOf(c)} made={key} />)),
  )
  .on(
    'DELETE',
    '/api/v1/keys/:id',
    led(() => said('/keys', 'revoked')),
  )
  .on(
    'POST',
    '/api/v1/tenants',
    shown<NewTenantAnswer>(async (c, tenant) => show(c, <NewTenantPage frame={await frameOf(c)} made={tenant} />)),
  )
  .on(
    'DELETE',
    '/api/v1/tenants/:id',
    led(() => said('/keys/tenants', 'removed')),
  )
  .on(
    'PATCH',
    '/api/v1/tenant',
    led(() => said('/settings', 'renamed')),
  )
  .on(
    'PUT',
    '/api/v1/kill-switch',
    led(() => said('/settings', 'saved')),
  )
  .on(
    'PUT',
    '/api/v1/retention',
    led(() => said('/settings', 'saved')),
  )
  .on(
    'POST',
    '/api/v1/proof-token/rotate',
    led(() => said('/settings', 'rotated')),
  )
  .on(
    'POST',
    '/api/v1/opt-outs',
    led(() => said('/settings/opt-outs', 'added')),
  )
  .on(
    'DELETE',
    '/api/v1/opt-outs/:id',
    led(() => said('/settings/opt-outs', 'removed')),
  )
  .on(
    'POST',
    '/api/v1/letters',
    led(() => said('/settings/letters', 'added')),
  )
  .on(
    'DELETE',
    '/api/v1/letters/:id',
    led(() => said('/settings/letters', 'removed')),
  )
  .on(
    'POST',
    '/api/v1/channels',
    shown<NewChannelAnswer>(async (c, channel) =>
      channel.secret === null
        ? seeOther(said(`/channels/${channel.id}`, 'added'))
        : show(c, <SecretPage frame={await frameOf(c)} channel={channel} isNew />),
    ),
  )
  .on(
    'PATCH',
    '/api/v1/channels/:id',
    shown<NewChannelAnswer>(async (c, channel) =>
      channel.secret === null
        ? seeOther(said(`/channels/${channel.id}`, 'saved'))
        : show(c, <SecretPage frame={await frameOf(c)} channel={channel} isNew={false} />),
    ),
  )
  .on(
    'DELETE',
    '/api/v1/channels/:id',
    led(() => said('/channels', 'removed')),
  )
  .on(
    'POST',
    '/api/v1/channels/:id/test',
    shown<TestAnswer>(async (c, tested, id) =>
      show(c, <TestedPage frame={await frameOf(c)} id={id} tested={tested} />),
    ),
  )
  .on(
    'POST',
    '/api/v1/channels/deliveries/:id/replay',
    shown<{ channelId: string }>((_, { channelId }) => seeOther(said(`/channels/${channelId}`, 'replayed'))),
  )
