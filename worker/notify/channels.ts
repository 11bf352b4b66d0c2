/** Every kind of channel. A new word in CHANNEL_KINDS does not compile until it is here. */
import type { ChannelKind } from '../../schema/words.ts'
import { CUTS, cardOf } from './card.ts'
import type { Channel, Destination, Message, Request } from './channel.ts'
import { discord } from './kinds/discord.ts'
import { googleChat } from './kinds/google-chat.ts'
import { matrix } from './kinds/matrix.ts'
import { mattermost } from './kinds/mattermost.ts'
import { pagerduty } from './kinds/pagerduty.ts'
import { rocketChat } from './kinds/rocket-chat.ts'
import { slack } from './kinds/slack.ts'
import { teams } from './kinds/teams.ts'
import { telegram } from './kinds/telegram.ts'
import { webhook } from './kinds/webhook.ts'
import { zulip } from './kinds/zulip.ts'
import { PLAIN, wholeText } from './text.ts'

export const CHANNELS = {
  slack,
  teams,
  discord,
  google_chat: googleChat,
  mattermost,
  rocket_chat: rocketChat,
  telegram,
  zulip,
  matrix,
  pagerduty,
  webhook,
} satisfies Record<ChannelKind, Channel>

export const channelOf = (kind: ChannelKind): Channel => CHANNELS[kind]

/** The request that tells a channel of a message; `memory` is what was remembered of its story's first message. */
export const render = (kind: ChannelKind, message: Message, to: Destination, memory: string | null = null): Request =>
  channelOf(kind).render(message, to, memory)

/** The message as plain text, whole: for terminals and for previews that need no channel. */
export const textOf = (message: Message): string => wholeText(cardOf(message, CUTS[0]), PLAIN)
