/** What is told of our own side: addresses that change, owners whose list lags behind, probes that come and go. */
import type { EventOf, EventRange } from '../../../schema/events.ts'
import { EVENT_VERSION, MAX_RANGES } from '../../../schema/events.ts'
import type { RangeState } from '../../../schema/words.ts'
import { count } from '../text.ts'
import { iso, maybeIso, said } from './said.ts'
import { type ToldScan, targetOf } from './scan.ts'

/** A range as notices know it. Times are ms. */
export interface ToldRange {
  cidr: string
  site: string
  country: string | null
  state: RangeState
  activeFrom: number | null
  retireAfter: number | null
}

/** The published list went from one serial to the next. A range whose words or state changed is in `changed` alone. */
export function rangesNotice(
  list: {
    serial: number
    previousSerial: number | null
    added: readonly ToldRange[]
    changed: readonly ToldRange[]
    removed: readonly ToldRange[]
    sha256: string
    /** what each change asks of the reader */
    advice: string
    /** paths of this version, and of the differences if there are any */
    version: string
    changes: string | null
  },
  now: number,
): EventOf<'ip_ranges.changed'> {
  const { added, changed, removed } = list
  const parts = [
    ...(added.length > 0 ? [`${added.length} added`] : []),
    ...(changed.length > 0 ? [`${changed.length} changed`] : []),
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
  ]
  return {
    type: 'ip_ranges.changed',
    version: EVENT_VERSION,
    timestamp: iso(now),
    data: {
      severity: added.length + removed.length > 0 ? 'warning' : 'info',
      title: `Our scanning addresses change: ${parts.join(', ') || 'nothing to do'}`,
      text: said(list.advice, 800),
      serial: list.serial,
      previousSerial: list.previousSerial,
      sha256: list.sha256,
      changedAt: iso(now),
      ...told('added', added),
      ...told('changed', changed),
      ...told('removed', removed),
      links: { ranges: '/ip-ranges.json', version: list.version, changes: list.changes },
    },
  }
}

const told = <const K extends 'added' | 'changed' | 'removed' | 'missing'>(key: K, ranges: readonly ToldRange[]) =>
  ({ [key]: ranges.slice(0, MAX_RANGES).map(rangeOf), [`${key}Total`]: ranges.length }) as Record<K, EventRange[]> &
    Record<`${K}Total`, number>

const rangeOf = (range: ToldRange): EventRange => ({
  cidr: said(range.cidr, 49),
  site: said(range.site, 64),
  country: range.country === null ? null : said(range.country, 2),
  state: range.state,
  activeFrom: maybeIso(range.activeFrom),
  retireAfter: maybeIso(range.retireAfter),
})

/** A target's owner confirmed (or proved) a list that lacks ranges in use. `format` as in `/ip-ranges/{format}`. */
export function allowlistNotice(
  lag: {
    target: ToldScan['target']
    /** when it was last known to be whole; ms */
    confirmed: { at: number } | null
    serial: number
    missing: readonly ToldRange[]
    issueId: string | null
    format: string
  },
  now: number,
): EventOf<'allowlist.outdated'> {
  const { target, missing, confirmed, issueId } = lag
  const [first] = missing
  const what =
    missing.length === 1 && first
      ? `predates prefix ${first.cidr}`
      : `predates ${count(missing.length, 'prefix', 'prefixes')}`
  const used = missing.map(({ cidr, site, activeFrom }) => {
    const day = activeFrom === null ? null : iso(activeFrom).slice(0, 10)
    return `Site ${site} ${activeFrom !== null && activeFrom > now ? `will scan from ${cidr} from ${day} on` : `scans from ${cidr}${day ? ` since ${day}` : ''}`}.`
  })
  const known = confirmed
    ? `The allowlist was last known to be whole on ${iso(confirmed.at).slice(0, 10)}.`
    : 'No allowlist was ever proved.'
  return {
    type: 'allowlist.outdated',
    version: EVENT_VERSION,
    timestamp: iso(now),
    data: {
      severity: issueId === null ? 'warning' : 'error',
      title: said(`${target.name ?? target.address}: your allowlist ${what}`, 400),
      text: said(
        `${known} ${used.slice(0, 5).join(' ')} Allow ${missing.length === 1 ? 'it' : 'them'} as you did the others, then prove that the list works.`,
        800,
      ),
      target: targetOf({ target }),
      confirmed: confirmed && { at: iso(confirmed.at) },
      serial: lag.serial,
      ...told('missing', missing),
      issueId,
      links: {
        target: `/targets/${target.id}`,
        issue: issueId === null ? null : `/issues/${issueId}`,
        allowlist: `/ip-ranges/${lag.format}`,
      },
    },
  }
}

export interface ToldProbe {
  id: string
  site: string
  sourceAddress: string
  country: string | null
  provider: string | null
  /** ms */
  seenAt: number
}

const probeOf = (probe: ToldProbe) => ({
  id: probe.id,
  site: said(probe.site, 64),
  sourceAddress: said(probe.sourceAddress, 45),
  country: probe.country === null ? null : said(probe.country, 2),
  provider: probe.provider === null ? null : said(probe.provider, 100),
})

/** A probe has not been heard of for too long. */
export const offlineNotice = (probe: ToldProbe, scansTouched: number, now: number): EventOf<'probe.offline'> => ({
  type: 'probe.offline',
  version: EVENT_VERSION,
  timestamp: iso(now),
  data: {
    severity: scansTouched > 0 ? 'error' : 'warning',
    title: said(`Probe ${probe.sourceAddress} in ${probe.site} is offline`, 400),
    text: `Last heard of at ${iso(probe.seenAt).slice(0, 16).replace('T', ' ')} UTC. ${
      scansTouched > 0
        ? `${count(scansTouched, 'scan')} under way ${scansTouched === 1 ? 'loses' : 'lose'} it.`
        : 'No scan under way needs it.'
    } Look at the agent’s log on its machine, or run \`portwitness doctor\` there.`,
    probe: probeOf(probe),
    seenAt: iso(probe.seenAt),
    scansTouched,
    links: { probes: '/' },
  },
})

/** A probe that was told to be offline is heard of again. */
export const onlineNotice = (probe: ToldProbe, offlineSince: number | null, now: number): EventOf<'probe.online'> => ({
  type: 'probe.online',
  version: EVENT_VERSION,
  timestamp: iso(now),
  data: {
    severity: 'info',
    title: said(`Probe ${probe.sourceAddress} in ${probe.site} is back`, 400),
    text:
      offlineSince === null
        ? 'It is heard of again.'
        : `It was away for ${count(Math.max(1, Math.round((now - offlineSince) / 60_000)), 'minute')}.`,
    probe: probeOf(probe),
    seenAt: iso(probe.seenAt),
    offlineSince: maybeIso(offlineSince),
    links: { probes: '/' },
  },
})

/** A probe is not believed any more: it is as good as gone, and somebody has to find out why. */
export const distrustNotice = (
  probe: ToldProbe,
  reason: string,
  scansTouched: number,
  now: number,
): EventOf<'probe.offline'> => ({
  type: 'probe.offline',
  version: EVENT_VERSION,
  timestamp: iso(now),
  data: {
    severity: 'error',
    title: said(`Probe ${probe.sourceAddress} in ${probe.site} is in quarantine`, 400),
    text: said(
      `It is not believed any more: ${reason} It is given no work, and verdicts that rest on it are judged again without it. Look whether its machine is yours alone and its network honest, then lift it: PATCH /api/v1/probes/${probe.id} {"quarantined": false}.`,
      800,
    ),
    probe: probeOf(probe),
    seenAt: iso(probe.seenAt),
    scansTouched,
    reason: said(reason, 300),
    links: { probes: '/' },
  },
})

/** Its operator believes it again. */
export const trustNotice = (probe: ToldProbe, since: number, now: number): EventOf<'probe.online'> => {
  const { data, ...event } = onlineNotice(probe, since, now)
  const title = said(`Probe ${probe.sourceAddress} in ${probe.site} is believed again`, 400)
  return { ...event, data: { ...data, title, text: 'Its operator lifted the quarantine.' } }
}

/** A platform said that a channel is gone, so that nothing is sent to it any more: told through the others. */
export const switchedOffNotice = (
  channel: EventOf<'channel.switched_off'>['data']['channel'],
  reason: string,
  waiting: number,
  now: number,
): EventOf<'channel.switched_off'> => ({
  type: 'channel.switched_off',
  version: EVENT_VERSION,
  timestamp: iso(now),
  data: {
    severity: 'error',
    title: said(`Channel ${channel.name} is switched off`, 400),
    text: said(
      `The platform says that it is gone or shut. ${count(waiting, 'message')} ${waiting === 1 ? 'waits' : 'wait'} for it: mend its URL or secret and switch it on again within four days.`,
      800,
    ),
    channel: { ...channel, name: said(channel.name, 100) },
    reason: said(reason, 300),
    waiting,
    links: { channels: '/channels' },
  },
})
