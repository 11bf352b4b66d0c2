/** The stack as a whole, by its operator's key. */

import { contains, parseAddress, parseCidr } from '../../../schema/address.ts'
import type { ProbeAnswer } from '../../../schema/api.ts'
import type { ChannelAnswer } from '../../../schema/channels.ts'
import type { RangeAnswer } from '../../../schema/ranges.ts'
import { SETUP, type StackAnswer } from '../../../schema/stack.ts'
import { VERSION } from '../../../schema/version.ts'
import type { Api } from '../api.ts'
import { CommandFailure } from '../command.ts'
import { isOlder } from './door.ts'
import { bad, type Finding, ok, warn } from './finding.ts'

/** Cron comes once a minute and is noted every five. */
const CRON_SECONDS = 11 * 60
const OVERDUE_SECONDS = 10 * 60

export async function stack(api: Api): Promise<Finding[]> {
  try {
    const told = await api.get<StackAnswer>('/api/v1/stack')
    const [probes, ranges, channels] = await Promise.all([
      api.get<{ items: ProbeAnswer[] }>('/api/v1/probes'),
      api.get<{ items: RangeAnswer[] }>('/api/v1/ranges'),
      api.get<{ items: ChannelAnswer[] }>('/api/v1/channels'),
    ])
    return [
      ok('worker', `${api.url} answers, and takes this key`),
      ...setup(told, channels.items.length),
      ...bootstrap(told, api.url),
      ...work(told),
      ...fleet(probes.items, ranges.items),
      ...channels.items.filter(({ state }) => state === 'switched_off').map(switchedOff),
    ]
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    return [bad('worker', error.message, 'Correct --url or --key. The key must be one of the operator’s own tenant.')]
  }
}

function setup({ migrations, setup: set, stopped, cron }: StackAnswer, channels: number): Finding[] {
  const missing = Object.entries(SETUP).filter(([name]) => !set[name as keyof typeof SETUP])
  return [
    migrations.applied === migrations.newest
      ? ok('migrations', `the database is at ${migrations.newest}`)
      : bad(
          'migrations',
          `The database is at ${migrations.applied ?? 'no migration'}, the Worker needs ${migrations.newest}.`,
          'npx wrangler d1 migrations apply portwitness --env production --remote (the embedded Worker does it when it starts).',
        ),
    ...missing.map(([name, what]) => {
      const secret = what.split(' ')[0]
      const mend = /KEY$/.test(secret ?? '')
        ? `npx wrangler secret put ${secret} (docs/deploy.md).`
        : `Set ${secret} under [env.production.vars] in wrangler.toml; at an embedded Worker, with its option (portwitness help worker).`
      return name === 'channelKey' && channels > 0
        ? bad('secrets', `${what}.`, mend)
        : warn('secrets', `${what}.`, mend)
    }),
    ...(missing.length === 0 ? [ok('secrets', 'all are set')] : []),
    stopped
      ? bad(
          'stopped',
          'All scanning is stopped by the kill switch.',
          'Lift it when you may: portwitness stop-all --resume.',
        )
      : ok('stopped', 'the kill switch is off'),
    cron.ageSeconds === null || cron.ageSeconds > CRON_SECONDS
      ? bad(
          'cron',
          cron.ageSeconds === null
            ? 'Cron has never run.'
            : `Cron ran last ${Math.round(cron.ageSeconds / 60)} minutes ago.`,
          'Look at [triggers] in wrangler.toml and at the Worker’s Cron Events; a new trigger takes up to 15 minutes to spread.',
        )
      : ok('cron', `seen ${cron.ageSeconds} s ago`),
  ]
}

/** On one machine it is how its owner comes in; on the net it is a key that nobody can revoke but by the secret. */
function bootstrap({ bootstrapKey }: StackAnswer, url: string): Finding[] {
  if (!bootstrapKey || !url.startsWith('https:')) return []
  return [
    warn(
      'bootstrap',
      'The key of the first day, BOOTSTRAP_KEY, is still accepted.',
      'Make a key of your own (POST /api/v1/keys), then `npx wrangler secret delete BOOTSTRAP_KEY --env production`.',
    ),
  ]
}

function work({ runs, outbox, deliveries }: StackAnswer): Finding[] {
  return [
    ...(runs.oldestDueSeconds > OVERDUE_SECONDS
      ? [
          bad(
            'runs',
            `A run has waited for its probe for ${Math.round(runs.oldestDueSeconds / 60)} minutes.`,
            'Is its probe online (portwitness probes)? What waits too long is failed by itself.',
          ),
        ]
      : []),
    ...(outbox.oldestSeconds > OVERDUE_SECONDS
      ? [
          bad(
            'outbox',
            `${outbox.unspread} notices wait, the oldest for ${Math.round(outbox.oldestSeconds / 60)} minutes.`,
            'Cron makes messages of them: see the check "cron" and the Worker’s log.',
          ),
        ]
      : []),
    ...(deliveries.oldestSeconds > OVERDUE_SECONDS
      ? [
          warn(
            'deliveries',
            `${deliveries.open} messages are not sent, the oldest is overdue by ${Math.round(deliveries.oldestSeconds / 60)} minutes.`,
            'See portwitness channels: which one does not answer?',
          ),
        ]
      : []),
  ]
}

function fleet(probes: readonly ProbeAnswer[], ranges: readonly RangeAnswer[]): Finding[] {
  const online = probes.filter((it) => it.online)
  const sites = [...new Set(online.map(({ site }) => site))].sort()
  const networks = ranges
    .filter(({ state }) => state === 'active' || state === 'retiring')
    .flatMap(({ cidr }) => parseCidr(cidr) ?? [])
  const isInUse = (text: string) => {
    const address = parseAddress(text)
    return address !== null && networks.some((network) => contains(network, address))
  }
  const findings = [
    ...probes
      .filter((it) => !it.online)
      .map((it) =>
        bad(
          'probe',
          `${it.sourceAddress} (${it.site}) is offline since ${it.seenAt}.`,
          'On its machine: portwitness doctor --data DIR --source-address IP --url U; or revoke it.',
        ),
      ),
    ...online
      .filter((it) => !it.fit)
      .map((it) =>
        bad(
          'probe',
          `${it.sourceAddress} (${it.site}) is not fit: ${it.reasons.join('; ')}.`,
          'On its machine: portwitness doctor.',
        ),
      ),
    ...online
      .filter((it) => it.drained)
      .map((it) =>
        warn(
          'probe',
          `${it.sourceAddress} (${it.site}) is drained.`,
          `PATCH /api/v1/probes/${it.id} {"drained": false} gives it work again.`,
        ),
      ),
    ...online
      .filter((it) => isOlder(it.agent.replace(/^\w+\//, ''), VERSION))
      .map((it) =>
        warn(
          'version',
          `${it.sourceAddress} (${it.site}) runs ${it.agent}, this is ${VERSION}.`,
          'portwitness-upgrade FILE on its machine.',
        ),
      ),
    ...online
      .filter((it) => !isInUse(it.sourceAddress))
      .map((it) =>
        bad(
          'range',
          `${it.sourceAddress} (${it.site}) lies in no active range: it does not scan.`,
          'portwitness ranges: wait for its day, or activate it where allowlists have it already.',
        ),
      ),
    ...sites
      .filter((site) => online.filter((it) => it.site === site).length === 1)
      .map((site) =>
        warn(
          'sibling',
          `Site ${site} has one probe online: no sibling, so a loss there is at most likely.`,
          'Enrol a second address in this site.',
        ),
      ),
    ...(sites.length < 2
      ? [
          bad(
            'witness',
            sites.length === 0
              ? 'No probe is online: nothing can be scanned.'
              : 'Probes are online in one site alone: without a witness nothing can be proved.',
            'Enrol probes in other sites, at other providers.',
          ),
        ]
      : []),
  ]
  return findings.length > 0
    ? findings
    : [ok('fleet', `${online.length} probes in ${sites.length} sites are online and fit`)]
}

const switchedOff = ({ name, reason }: ChannelAnswer): Finding =>
  bad(
    'channel',
    `Channel ${name} was switched off: ${reason ?? 'it failed for too long'}.`,
    'Mend its receiver, then switch it on again: portwitness channels.',
  )
