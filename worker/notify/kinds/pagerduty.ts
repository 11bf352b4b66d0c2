/** PagerDuty Events API v2: trigger and resolve by deduplication key. developer.pagerduty.com/docs/events-api-v2 */
import type { AnyEvent } from '../../../schema/events.ts'
import { type Card, fitted, severityOf } from '../card.ts'
import { type Channel, JSON_TYPE, RETRY_AFTER } from '../channel.ts'
import { bytes, clipped } from '../plain.ts'
import { plainOf } from '../spans.ts'

const MAX_SUMMARY = 1_024
/** 512 KB are taken; nobody reads so much. */
const MAX_BYTES = 100_000

/** What an event does to an incident, and to which (at most 255 characters). */
function incidentOf({ type, data }: AnyEvent): { action: 'trigger' | 'resolve'; key: string } {
  switch (type) {
    case 'issue.opened':
    case 'issue.updated':
      return { action: 'trigger', key: data.issue.id }
    case 'issue.resolved':
      return { action: 'resolve', key: data.issue.id }
    case 'scan.failed':
      return { action: 'trigger', key: `scan-failed:${data.target.id}` }
    // A scan that got through ends the incident of those that failed; one that found trouble opens an issue.
    case 'scan.finished':
      return { action: 'resolve', key: `scan-failed:${data.target.id}` }
    case 'ip_ranges.changed':
      return { action: 'trigger', key: `ip-ranges:${data.serial}` }
    case 'allowlist.outdated':
      return { action: 'trigger', key: `allowlist:${data.target.id}` }
    case 'probe.offline':
      return { action: 'trigger', key: `probe:${data.probe.id}` }
    case 'probe.online':
      return { action: 'resolve', key: `probe:${data.probe.id}` }
    case 'control.failing':
      return { action: 'trigger', key: `control:${data.target.id}:${data.address}` }
    case 'channel.switched_off':
      return { action: 'trigger', key: `channel:${data.channel.id}` }
  }
}

const sourceOf = ({ data }: AnyEvent): string =>
  'target' in data ? data.target.address : 'probe' in data ? data.probe.sourceAddress : 'portwitness'

function detailsOf(card: Card): Record<string, string | string[]> {
  return {
    ...(card.text === '' ? {} : { summary: card.text }),
    ...Object.fromEntries(card.facts.map(({ name, value }) => [name, plainOf(value)])),
    ...Object.fromEntries(
      card.sections.map(({ heading, lines, more }) => [
        heading,
        [...lines.map(plainOf), ...(more === null ? [] : [more])],
      ]),
    ),
  }
}

export const pagerduty: Channel = {
  form: {
    url: 'the Events API v2',
    secret: 'the integration’s routing key',
    example: 'https://events.pagerduty.com/v2/enqueue',
  },
  hosts: ['events.pagerduty.com', 'events.eu.pagerduty.com'],
  query: { needs: [], takes: [] },
  secret: /^[A-Za-z0-9]{32}$/,
  rate: { perSecond: 2, burst: 10, source: 'developer.pagerduty.com, Events API limits: 120 a minute per integration' },
  answer: {
    success: { statuses: [202], body: { json: 'status', is: 'success' } },
    retryAfter: [RETRY_AFTER],
    gone: [{ status: 410 }, { status: 400, says: /routing_key|Invalid routing key/i }],
    reason: { json: 'errors.0' },
  },
  follow: { how: 'dedup_key', remember: null, forgotten: null },
  render(message, { url, secrets }) {
    const { event } = message
    const { action, key } = incidentOf(event)
    const write = (card: Card) =>
      JSON.stringify({
        routing_key: secrets[0] ?? '',
        event_action: action,
        dedup_key: clipped(key, 255),
        ...(action === 'resolve'
          ? {}
          : {
              payload: {
                summary: clipped(`${card.kicker}: ${card.title}`, MAX_SUMMARY),
                source: clipped(sourceOf(event), 255) || 'portwitness',
                severity: severityOf(card.tone),
                timestamp: card.at,
                component: 'target' in event.data ? clipped(event.data.target.name ?? '', 255) : undefined,
                group: 'portwitness',
                class: event.type,
                custom_details: detailsOf(card),
              },
              links: card.links.map(({ label, url: href }) => ({ href, text: label })),
              client: 'Portwitness',
              client_url: message.base,
            }),
      })
    return {
      method: 'POST',
      url,
      headers: JSON_TYPE,
      body: fitted(message, write, (body) => bytes(body) <= MAX_BYTES),
    }
  },
}
