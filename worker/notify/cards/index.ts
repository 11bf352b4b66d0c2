/** What each event says. A new event does not compile until it has its words. */
import type { AnyEvent } from '../../../schema/events.ts'
import type { Body, Cut } from './body.ts'
import { allowlistBody, channelBody, controlBody, probeBody, rangesBody } from './fleet.ts'
import { failedBody, finishedBody, resolvedBody, troubleBody } from './scan.ts'

export function bodyOf(event: AnyEvent, cut: Cut): Body {
  switch (event.type) {
    case 'issue.opened':
    case 'issue.updated':
      return troubleBody(event, cut)
    case 'issue.resolved':
      return resolvedBody(event)
    case 'scan.finished':
      return finishedBody(event, cut)
    case 'scan.failed':
      return failedBody(event)
    case 'ip_ranges.changed':
      return rangesBody(event, cut)
    case 'allowlist.outdated':
      return allowlistBody(event, cut)
    case 'probe.offline':
    case 'probe.online':
      return probeBody(event)
    case 'control.failing':
      return controlBody(event)
    case 'channel.switched_off':
      return channelBody(event)
  }
}
