/** What must be said for a call to be taken: a body that is refused as malformed would prove nothing of who may ask. */

import { BACKUP_FORMAT, DEFAULT_RETENTION } from '../../../schema/backup.ts'
import { urlOf } from '../../worker/support/channels.ts'
import type { Town } from './tenants.ts'

type Say = (town: Town) => unknown
const empty: Say = () => ({})

/** By `METHOD path`. A route that changes something and is missing here fails the stories that go over all routes. */
export const BODIES: Readonly<Record<string, Say>> = {
  'POST /api/v1/targets': () => ({ address: '127.0.62.1' }),
  'PATCH /api/v1/targets/:id': () => ({ tags: ['x'] }),
  'POST /api/v1/targets/:id/badge': empty,
  'POST /api/v1/targets/:id/prove': empty,
  'POST /api/v1/targets/:id/verification': empty,
  'POST /api/v1/targets/:id/verification/check': empty,
  'POST /api/v1/scans': ({ ids }) => ({ targetId: ids.targets }),
  'POST /api/v1/scans/:id/cancel': empty,
  'POST /api/v1/scans/:id/rejudge': empty,
  'POST /api/v1/proofs/:id/cancel': empty,
  'POST /api/v1/proof-token/rotate': empty,
  'POST /api/v1/issues/:id/snooze': ({ stage }) => ({
    until: new Date(stage.now() + 86_400_000).toISOString(),
    reason: 'mitigated',
  }),
  'POST /api/v1/issues/:id/retest': empty,
  'PATCH /api/v1/probes/:id': () => ({ drained: true }),
  'POST /api/v1/probes/enrolments': () => ({ site: 'fra-1', sourceAddress: '127.0.1.9' }),
  'POST /api/v1/beacons': () => ({ address: '127.0.0.1', port: 10 }),
  'PUT /api/v1/kill-switch': () => ({ stopped: false }),
  'POST /api/v1/canaries': () => ({ address: '127.0.97.1', port: 22, expect: 'open' }),
  'PUT /api/v1/ceilings': () => ({ public: { target: { perSecond: 500 } } }),
  'POST /api/v1/letters': ({ owner, stage }) => ({
    tenantId: owner.id,
    cidr: '198.51.100.0/24',
    signedBy: 'Holder',
    signedAt: new Date(stage.now()).toISOString(),
    expiresAt: new Date(stage.now() + 30 * 86_400_000).toISOString(),
    sha256: 'a'.repeat(64),
  }),
  'POST /api/v1/opt-outs': () => ({ cidr: '127.0.98.0/24' }),
  'POST /api/v1/ranges': () => ({ cidr: '10.9.9.0/24', site: 'fra-1' }),
  'PATCH /api/v1/ranges/:id': () => ({ country: 'DE' }),
  'POST /api/v1/channels': () => ({ kind: 'webhook', name: 'n', url: urlOf('bodies') }),
  'PATCH /api/v1/channels/:id': () => ({ name: 'other' }),
  'POST /api/v1/channels/:id/test': empty,
  'POST /api/v1/channels/deliveries/:id/replay': empty,
  'POST /api/v1/keys': () => ({ name: 'k', scope: 'read' }),
  'POST /api/v1/tenants': () => ({ name: 'Third' }),
  'PATCH /api/v1/tenant': () => ({ name: 'Renamed' }),
  'POST /api/v1/sessions/once': empty,
  'PUT /api/v1/retention': () => DEFAULT_RETENTION,
  'POST /api/v1/restore': () => ({ format: BACKUP_FORMAT, migration: '0000_first.sql', tenant: null }),
  'PUT /api/v1/restore/raw': empty,
  'POST /api/v1/restore/rows': () => ({ table: 'beacons', rows: [] }),
}
