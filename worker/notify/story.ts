/** Which messages belong together: the opening of an issue, its news, its end. */
import type { AnyEvent } from '../../schema/events.ts'

export interface Story {
  /** names it within the tenant */
  key: string
  /** `opens`: what is remembered of the answer serves all that follow; `alone`: nothing follows */
  deed: 'opens' | 'continues' | 'ends' | 'alone'
}

export function storyOf(event: AnyEvent, noticeId: string): Story {
  switch (event.type) {
    case 'issue.opened':
      return { key: event.data.issue.id, deed: 'opens' }
    case 'issue.updated':
      return { key: event.data.issue.id, deed: 'continues' }
    case 'issue.resolved':
      return { key: event.data.issue.id, deed: 'ends' }
    case 'probe.offline':
      return { key: event.data.probe.id, deed: 'opens' }
    case 'probe.online':
      return { key: event.data.probe.id, deed: 'ends' }
    // In their order: an incident that a failed scan opens is ended by the next that gets through.
    case 'scan.finished':
    case 'scan.failed':
      return { key: `scan:${event.data.target.id}`, deed: 'alone' }
    case 'ip_ranges.changed':
    case 'allowlist.outdated':
    case 'control.failing':
    case 'channel.switched_off':
      return { key: noticeId, deed: 'alone' }
  }
}
