/** What is said of channels and what they tell. A word without its sentence does not compile. */
import type { ChannelKind, ChannelState, DeliveryState, NoticeName, Severity } from '../../schema/words.ts'
import type { Tone } from './words.ts'

export const KIND: Record<ChannelKind, string> = {
  slack: 'Slack',
  teams: 'Microsoft Teams',
  discord: 'Discord',
  google_chat: 'Google Chat',
  mattermost: 'Mattermost',
  rocket_chat: 'Rocket.Chat',
  telegram: 'Telegram',
  zulip: 'Zulip',
  matrix: 'Matrix',
  pagerduty: 'PagerDuty',
  webhook: 'Webhook',
}

export const NOTICE: Record<NoticeName, string> = {
  'issue.opened': 'A scan was interfered with, or could not be completed',
  'issue.updated': 'Cause, ports or severity of an issue changed',
  'issue.resolved': 'An issue is proved fixed',
  'allowlist.outdated': 'A target’s allowlist no longer has all our ranges',
  'scan.finished': 'Any scan ended',
  'scan.failed': 'A scan could not be carried out',
  'ip_ranges.changed': 'Our own ranges change',
  'probe.offline': 'A probe is away',
  'probe.online': 'A probe is back',
  'channel.switched_off': 'Another channel was switched off, because its platform says it is gone',
  'control.failing': 'Proof of control of an address is about to run out',
}

export const SEVERITY: Record<Severity, string> = {
  critical: 'critical: our scan itself did harm',
  error: 'error or graver: findings are missing',
  warning: 'warning or graver',
  info: 'everything',
}

export const CHANNEL_STATE: Record<ChannelState, { tone: Tone; text: string; sentence: string }> = {
  on: { tone: 'good', text: 'on', sentence: 'Messages are sent.' },
  off: { tone: 'mute', text: 'off', sentence: 'Somebody switched it off. What comes waits.' },
  switched_off: { tone: 'bad', text: 'switched off', sentence: 'We switched it off: its platform says it is gone.' },
}

export const DELIVERY: Record<DeliveryState, { tone: Tone; text: string }> = {
  waiting: { tone: 'info', text: 'waiting' },
  sending: { tone: 'info', text: 'being sent' },
  sent: { tone: 'good', text: 'sent' },
  failed: { tone: 'bad', text: 'failed' },
  gathered: { tone: 'mute', text: 'told by a later one' },
  dropped: { tone: 'mute', text: 'not wanted any more' },
}
