/** The stack as its operator sees it: for people, for `portwitness doctor`, and as Prometheus text. */
import { NEWEST_MIGRATION, type StackAnswer } from '../schema/stack.ts'
import type { Env } from './env.ts'
import { isOnline } from './store/probes.ts'
import { readStack } from './store/stack.ts'
import type { World } from './world.ts'

const seconds = (now: number, at: number | null): number =>
  at === null ? 0 : Math.max(0, Math.round((now - at) / 1_000))

export async function stackOf({ db, now, allowPrivate, keyring }: World, env: Env): Promise<StackAnswer> {
  const { row, probes, migration } = await readStack(db, now)
  const online = probes.filter((it) => isOnline(it, now))
  const sites = [...new Set(probes.map(({ site }) => site))].sort()
  return {
    now: new Date(now).toISOString(),
    migrations: { newest: NEWEST_MIGRATION, applied: migration },
    setup: {
      channelKey: keyring !== null,
      rangeSigningKey: isSet(env.RANGE_SIGNING_KEY),
      publicUrl: isSet(env.PUBLIC_URL),
      contact: isSet(env.CONTACT),
    },
    bootstrapKey: isSet(env.BOOTSTRAP_KEY),
    stopped: row.stopped === 1,
    allowPrivate,
    cron: {
      lastTickAt: row.tickAt === null ? null : new Date(row.tickAt).toISOString(),
      ageSeconds: row.tickAt === null ? null : seconds(now, row.tickAt),
    },
    scans: { waiting: row.waiting, running: row.running },
    runs: { due: row.due, leased: row.leased, oldestDueSeconds: seconds(now, row.oldestDueAt) },
    issues: { open: row.issues },
    outbox: { unspread: row.unspread, oldestSeconds: seconds(now, row.oldestUnspreadAt) },
    deliveries: { open: row.open, oldestSeconds: seconds(now, row.oldestOpenAt) },
    channels: { active: row.channelsOn, off: row.channelsOff },
    probes: {
      online: online.length,
      fit: online.filter(({ health }) => health?.fit).length,
      offline: probes.length - online.length,
      drained: probes.filter(({ drainedAt }) => drainedAt !== null).length,
    },
    sites: sites.map((site) => ({ site, online: online.filter((it) => it.site === site).length })),
  }
}

const isSet = (text: string | undefined): boolean => (text ?? '').trim() !== ''

type Labels = Record<string, string>
interface Family {
  name: string
  help: string
  values: readonly (readonly [Labels, number])[]
}

/** Prometheus' text format, version 0.0.4. All are gauges: what only grows would need a row written for each step. */
export const metricsText = (stack: StackAnswer): string => familiesOf(stack).map(exposed).join('')

const familiesOf = (stack: StackAnswer): Family[] => [
  family('info', 'The schema that is in place, and whether it is the one this Worker needs.', [
    [
      {
        migration: stack.migrations.applied ?? '',
        current: String(stack.migrations.applied === stack.migrations.newest),
      },
      1,
    ],
  ]),
  family('stopped', 'The kill switch: 1 while all scanning is stopped.', [[{}, stack.stopped ? 1 : 0]]),
  family(
    'cron_age_seconds',
    'Since cron was last seen; noted every five minutes.',
    stack.cron.ageSeconds === null ? [] : [[{}, stack.cron.ageSeconds]],
  ),
  family('scans', 'Scans that have not ended.', [
    [{ state: 'waiting' }, stack.scans.waiting],
    [{ state: 'running' }, stack.scans.running],
  ]),
  family('runs', 'Runs of probes that have not ended.', [
    [{ state: 'due' }, stack.runs.due],
    [{ state: 'leased' }, stack.runs.leased],
  ]),
  family('runs_oldest_due_seconds', 'How long the oldest due run waits for its probe.', [
    [{}, stack.runs.oldestDueSeconds],
  ]),
  family('issues_open', 'Open issues, of all tenants.', [[{}, stack.issues.open]]),
  family('outbox_unspread', 'Notices that have not become messages yet.', [[{}, stack.outbox.unspread]]),
  family('outbox_oldest_seconds', 'Age of the oldest of them.', [[{}, stack.outbox.oldestSeconds]]),
  family('deliveries_open', 'Messages to channels that are not sent yet.', [[{}, stack.deliveries.open]]),
  family('deliveries_oldest_seconds', 'How long the oldest message that may be sent is overdue.', [
    [{}, stack.deliveries.oldestSeconds],
  ]),
  family('channels', 'Channels; off: switched off because they failed for long.', [
    [{ state: 'on' }, stack.channels.active],
    [{ state: 'switched_off' }, stack.channels.off],
  ]),
  family('probes', 'Probes of the fleet; fit ones are online too.', [
    [{ state: 'online' }, stack.probes.online],
    [{ state: 'fit' }, stack.probes.fit],
    [{ state: 'offline' }, stack.probes.offline],
    [{ state: 'drained' }, stack.probes.drained],
  ]),
  family(
    'site_probes_online',
    'Probes online, by site.',
    stack.sites.map(({ site, online }): [Labels, number] => [{ site }, online]),
  ),
]

const family = (name: string, help: string, values: Family['values']): Family => ({
  name: `portwitness_${name}`,
  help,
  values,
})

const exposed = ({ name, help, values }: Family): string =>
  values.length === 0
    ? ''
    : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${values.map(([labels, value]) => `${name}${labelled(labels)} ${value}\n`).join('')}`

function labelled(labels: Labels): string {
  const parts = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`,
  )
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}
