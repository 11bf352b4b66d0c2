/** What a rendered message would do beyond being read: mention people, link elsewhere, draw somebody's picture. */
import type { ChannelKind } from '../../schema/words.ts'
import type { Request } from '../../worker/notify/channel.ts'
import { CARD_TAGS } from '../support/receivers/chats.ts'
import { readHtml } from '../support/receivers/html.ts'
import { attempt, type Json } from '../support/receivers/platform.ts'
import { MATRIX_TAGS } from '../support/receivers/servers.ts'
import { blocksOf, markdownOf } from '../support/receivers/slack.ts'
import { TELEGRAM_TAGS } from '../support/receivers/telegram.ts'

export function dangersIn(
  kind: ChannelKind,
  { body }: Pick<Request, 'body' | 'method' | 'url' | 'headers'>,
  base: string,
): string[] {
  const json = (): Json => JSON.parse(body) as Json
  switch (kind) {
    case 'slack': {
      const { text } = json()
      return [...blocksOf(json()).flatMap(markdownOf), String(text)].flatMap((one) => inSlack(one, base))
    }
    case 'teams':
      return [
        ...linksIn(json(), base),
        ...(JSON.stringify(json()).includes('"TextBlock"') ? ['Markdown is read here'] : []),
      ]
    case 'discord': {
      const { allowed_mentions, embeds } = json() as { allowed_mentions?: Json; embeds: Json[] }
      const quiet = JSON.stringify(allowed_mentions) === '{"parse":[]}' ? [] : ['mentions are allowed']
      const texts = embeds.flatMap(({ title, description, fields }) => [
        title,
        description,
        ...(fields as Json[]).map((one) => one.value),
      ])
      return [...quiet, ...texts.flatMap((one) => inMarkdown(String(one ?? ''), base))]
    }
    case 'mattermost':
    case 'rocket_chat':
      return (json().attachments as Json[]).flatMap(({ title, text, fallback }) =>
        [title, text, fallback ?? ''].flatMap((one) => inMarkdown(String(one), base)),
      )
    case 'zulip': {
      const form = new URLSearchParams(body)
      return inMarkdown(form.get('content') ?? '', base)
    }
    case 'google_chat':
      return textsIn(json().cardsV2, ['text', 'header']).flatMap((one) => inHtml(one, base, CARD_TAGS))
    case 'telegram':
      return inHtml(String(json().text), base, TELEGRAM_TAGS)
    case 'matrix':
      return [
        ...(json()['m.mentions'] ? [] : ['mentions are not ruled out']),
        ...inHtml(String(json().formatted_body), base, MATRIX_TAGS, ['br']),
      ]
    case 'pagerduty':
    case 'webhook':
      return linksIn(json(), base)
  }
}

/** A mention or a URL that a platform would act upon by itself; what breaks them has no width. */
const LOOSE = /(?:^|[^\w])@[\w*]|https?:\/\/|(?:^|[^\w])www\.\w|(?:tg|javascript|mailto):\w/i
const loose = (text: string): string[] => {
  const found = LOOSE.exec(text)
  return found ? [`acts by itself: ${JSON.stringify(text.slice(Math.max(0, found.index - 20), found.index + 40))}`] : []
}

function inSlack(text: string, base: string): string[] {
  const sequences = [...text.matchAll(/<([^>]*)>/g)].map(([, inside = '']) => inside)
  const foreign = sequences.filter((inside) => !inside.startsWith(`${base}/`))
  const rest = text.replace(/<[^>]*>/g, '').replace(/`[^`\n]*`/g, '')
  return [...foreign.map((inside) => `a sequence of somebody’s: ${inside}`), ...loose(rest)]
}

/** Without code spans, which do nothing, and with each escaped mark as a blank: CommonMark 0.31, sections 2.4 and 6.1. */
const bare = (text: string): string =>
  text.replace(/\\[!-/:-@[-`{-~]|`[^`\n]*`/g, (one) => (one.startsWith('`') ? '' : ' '))

/** Links of ours are taken out; nothing of the rest may be a link, a picture, a tag or a mention. */
function inMarkdown(text: string, base: string): string[] {
  const rest = bare(text).replace(/\[[^\]\n]*\]\((https?:[^)\s]*)\)/g, (whole, url: string) =>
    url.startsWith(`${base}/`) ? '' : whole,
  )
  const link = /\]\s*\(/.exec(rest)
  const tag = /<[a-z!@#/]/i.exec(rest)
  const around = (found: RegExpExecArray | null, what: string) =>
    found ? [`${what}: ${JSON.stringify(rest.slice(Math.max(0, found.index - 60), found.index + 40))}`] : []
  return [...loose(rest), ...around(link, 'a link of somebody’s'), ...around(tag, 'a tag of somebody’s')]
}

function inHtml(
  text: string,
  base: string,
  tags: Record<string, readonly string[]>,
  voids: readonly string[] = [],
): string[] {
  const { value, why } = attempt(() => readHtml(text, tags, voids))
  if (!value) return [why]
  const { entities, loose: rest } = value
  const foreign = entities.flatMap(({ href }) =>
    href === null || href.startsWith(`${base}/`) ? [] : [`a link to ${href}`],
  )
  return [...foreign, ...loose(rest)]
}

const linksIn = (value: unknown, base: string): string[] =>
  textsIn(value, [
    'url',
    'href',
    'issue',
    'scan',
    'output',
    'allowlist',
    'ranges',
    'changes',
    'probes',
    'target',
    'proof',
  ])
    .filter((text) => /^[a-z]+:/i.test(text) || text.startsWith('//'))
    .flatMap((url) => (url.startsWith(`${base}/`) ? [] : [`a link to ${url}`]))

function textsIn(value: unknown, keys: readonly string[], key = ''): string[] {
  if (typeof value === 'string') return keys.includes(key) ? [value] : []
  if (Array.isArray(value)) return value.flatMap((one) => textsIn(one, keys, key))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]) => textsIn(one, keys, name))
}
