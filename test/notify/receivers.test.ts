/** The receivers themselves: each refuses what its platform refuses, or its other tests would say nothing. */
import { describe, expect, test } from 'vitest'
import type { ChannelKind } from '../../schema/words.ts'
import { CHANNEL_KINDS } from '../../schema/words.ts'
import type { Request } from '../../worker/notify/channel.ts'
import { render } from '../../worker/notify/channels.ts'
import { signedHeaders } from '../../worker/notify/signing.ts'
import type { Platform, Reply } from '../support/receivers/platform.ts'
import { PLATFORMS } from '../support/receivers/platforms.ts'
import { openReceiver } from '../support/receivers/receiver.ts'
import { deliver } from './deliver.ts'
import { messageOf, SAMPLES } from './samples.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies of eleven platforms, broken on purpose
type Body = any
const long = (n: number) => 'x'.repeat(n)

function goodRequest(kind: ChannelKind, platform: Platform): Request {
  return render(kind, messageOf(SAMPLES['issue.opened']), {
    url: `http://r${platform.path}`,
    secrets: platform.secrets,
  })
}

async function take(platform: Platform, request: Request, headers: Record<string, string> = {}): Promise<Reply> {
  const signed = request.isSigned ? await signedHeaders('ntc_1', Date.now(), request.body, platform.secrets) : {}
  return platform.take({
    method: request.method,
    url: new URL(request.url),
    headers: { ...request.headers, ...signed, ...headers },
    body: Buffer.from(request.body),
  })
}

/** Each a good message with one thing wrong. */
const BREAKS: Record<ChannelKind, Record<string, (body: Body) => unknown>> = {
  slack: {
    'a header of 151': (b) => (b.blocks[0].text.text = long(151)),
    'a header in mrkdwn': (b) => (b.blocks[0].text.type = 'mrkdwn'),
    'a section of 3001': (b) => (b.attachments[0].blocks[0].text.text = long(3_001)),
    'a section of nothing': (b) => (b.attachments[0].blocks[0].text.text = ''),
    'eleven fields': (b) => (b.attachments[0].blocks[1].fields = Array(11).fill(b.attachments[0].blocks[1].fields[0])),
    'a field of 2001': (b) => (b.attachments[0].blocks[1].fields[0].text = long(2_001)),
    '51 blocks': (b) => (b.blocks = Array(51).fill(b.blocks[0])),
    '51 blocks in two places': (b) => (b.blocks = Array(47).fill(b.blocks[0])),
    'more than 13,000 in all': (b) =>
      (b.attachments[0].blocks = Array(5).fill({ type: 'section', text: { type: 'mrkdwn', text: long(2_900) } })),
    'an unknown block': (b) => (b.blocks[0].type = 'banner'),
    'a bare angle bracket': (b) => (b.attachments[0].blocks[0].text.text = 'a < b'),
    'a bare ampersand': (b) => (b.attachments[0].blocks[0].text.text = 'a & b'),
    'no text at all': (b) => void Object.assign(b, { text: undefined, blocks: undefined, attachments: undefined }),
    'an unknown colour': (b) => (b.attachments[0].color = 'redish'),
  },
  teams: {
    'more than 21,000 bytes': (b) => (b.attachments[0].content.body[1].inlines[0].text = '字'.repeat(7_000)),
    'another type': (b) => (b.type = 'MessageCard'),
    'an unknown element': (b) => b.attachments[0].content.body.push({ type: 'Marquee', text: 'x' }),
    'an action without URL': (b) => delete b.attachments[0].content.actions[0].url,
    'a newer version': (b) => (b.attachments[0].content.version = '1.6'),
    'a block without runs': (b) => b.attachments[0].content.body.push({ type: 'RichTextBlock', inlines: [] }),
    'an empty run': (b) => (b.attachments[0].content.body[1].inlines[0].text = ''),
    'another content type': (b) => (b.attachments[0].contentType = 'application/json'),
    'a column of an unknown width': (b) => (b.attachments[0].content.body[2].columns[0].width = 'wide'),
  },
  discord: {
    'a title of 257': (b) => (b.embeds[0].title = long(257)),
    'a description of 4097': (b) => (b.embeds[0].description = long(4_097)),
    'an empty description': (b) => (b.embeds[0].description = ''),
    '26 fields': (b) => (b.embeds[0].fields = Array(26).fill({ name: 'a', value: 'b' })),
    'a field of 1025': (b) => (b.embeds[0].fields[0].value = long(1_025)),
    'a field name of 257': (b) => (b.embeds[0].fields[0].name = long(257)),
    'a footer of 2049': (b) => (b.embeds[0].footer.text = long(2_049)),
    'more than 6000 in all': (b) => (b.embeds[0].fields = Array(6).fill({ name: 'a', value: long(1_000) })),
    'more than 6000 in two': (b) => (b.embeds = [0, 1].map(() => ({ description: long(3_001) }))),
    'eleven embeds': (b) => (b.embeds = Array(11).fill({ title: 'x' })),
    'content of 2001': (b) => (b.content = long(2_001)),
    'a colour beyond': (b) => (b.embeds[0].color = 0x1000000),
    'nothing at all': (b) => delete b.embeds,
  },
  google_chat: {
    'more than 32,000 bytes': (b) => (b.fallbackText = long(32_000)),
    'more than 100 widgets': (b) =>
      (b.cardsV2[0].card.sections = Array(3).fill({ widgets: Array(40).fill({ textParagraph: { text: 'x' } }) })),
    'an unknown field': (b) => (b.cards = []),
    'an unknown widget': (b) => (b.cardsV2[0].card.sections[0].widgets[0] = { marquee: {} }),
    'an unclosed tag': (b) => (b.cardsV2[0].card.sections[0].widgets[0] = { textParagraph: { text: '<b>x' } }),
    'an unknown tag': (b) =>
      (b.cardsV2[0].card.sections[0].widgets[0] = { textParagraph: { text: '<script>x</script>' } }),
    'a section of nothing': (b) => (b.cardsV2[0].card.sections[0].widgets = []),
    'a thread key of 4001': (b) => (b.thread.threadKey = long(4_001)),
  },
  mattermost: {
    'an attachment of 16,384': (b) => (b.attachments[0].text = long(16_384)),
    'a text of 16,384': (b) => (b.text = long(16_384)),
    'nothing at all': (b) => delete b.attachments,
    'an unknown colour': (b) => (b.attachments[0].color = 'x'),
    'a link that is none': (b) => (b.attachments[0].title_link = 'javascript:x'),
  },
  rocket_chat: {
    'a text of 5,001': (b) => (b.text = long(5_001)),
    'an attachment of 5,001': (b) => (b.attachments[0].text = long(5_001)),
    'nothing at all': (b) => void Object.assign(b, { text: undefined, attachments: undefined }),
  },
  telegram: {
    'a text of 4097': (b) => (b.text = long(4_097)),
    'a text of 2049 emoji': (b) => (b.text = '😀'.repeat(2_049)),
    'nothing at all': (b) => (b.text = '<b> </b>'),
    '101 entities': (b) => (b.text = '<b>x</b> '.repeat(101)),
    'an unknown tag': (b) => (b.text = '<p>x</p>'),
    'an unclosed tag': (b) => (b.text = '<b>x'),
    'tags that cross': (b) => (b.text = '<b><i>x</b></i>'),
    'a bare <': (b) => (b.text = 'a < b'),
    'an unknown entity': (b) => (b.text = 'a&nbsp;b'),
    'a link to nowhere': (b) => (b.text = '<a href="javascript:x">x</a>'),
    'markup inside code': (b) => (b.text = '<code><b>x</b></code>'),
    'an answer to nothing': (b) => (b.reply_parameters = { message_id: 9 }),
    'another chat': (b) => (b.chat_id = '1'),
  },
  zulip: {
    'a topic of 61': (b) => (b.topic = long(61)),
    'content of 10,001 bytes': (b) => (b.content = `${'字'.repeat(3_333)}xx`),
    'nothing at all': (b) => (b.content = ''),
    'an unknown type': (b) => (b.type = 'shout'),
    'a control character': (b) => (b.content = 'a\u0000b'),
  },
  matrix: {
    'more than 60,000 bytes': (b) => (b.body = long(60_000)),
    'an unknown tag': (b) => (b.formatted_body = '<script>x</script>'),
    'no word on mentions': (b) => delete b['m.mentions'],
    'the whole room mentioned': (b) => (b['m.mentions'] = { room: true }),
    'a thread of nothing': (b) => (b['m.relates_to'] = { rel_type: 'm.thread', event_id: '1' }),
  },
  pagerduty: {
    'a summary of 1025': (b) => (b.payload.summary = long(1_025)),
    'no source': (b) => delete b.payload.source,
    'a key of 256': (b) => (b.dedup_key = long(256)),
    'an unknown severity': (b) => (b.payload.severity = 'bad'),
    'an unknown action': (b) => (b.event_action = 'shout'),
    'another routing key': (b) => (b.routing_key = long(32)),
    'a link without address': (b) => delete b.links[0].href,
    'more than 512 KB': (b) => (b.payload.custom_details = long(600_000)),
  },
  webhook: {
    'more than 64 KB': (b) => (b.data.text = long(70_000)),
    'an unknown event': (b) => (b.type = 'issue.lost'),
    'no target': (b) => delete b.data.target,
    'another version': (b) => (b.version = 2),
    'a text that is too long': (b) => (b.data.title = long(401)),
    'a link that is a path': (b) => (b.data.links.issue = '/issues/x'),
  },
}

describe('a receiver', () => {
  for (const kind of CHANNEL_KINDS) {
    test(`of ${kind} takes a good message`, async () => {
      const platform = PLATFORMS[kind]()
      const reply = await take(platform, goodRequest(kind, platform))
      expect(reply.status, reply.body).toBeLessThan(300)
    })

    for (const [what, spoil] of Object.entries({
      ...BREAKS[kind],
      ...(kind === 'zulip' ? {} : { 'half a character': (b: Body) => spoilFirst(b, '\uD83D') }),
      ...(kind === 'zulip' ? {} : { 'a control character': (b: Body) => spoilFirst(b, '\u0007') }),
    }))
      test(`of ${kind} refuses ${what}`, async () => {
        const platform = PLATFORMS[kind]()
        const request = goodRequest(kind, platform)
        const isForm = kind === 'zulip'
        const body: Body = isForm ? Object.fromEntries(new URLSearchParams(request.body)) : JSON.parse(request.body)
        spoil(body)
        const spoiled = isForm ? new URLSearchParams(body).toString() : JSON.stringify(body)
        expect(spoiled).not.toBe(request.body)
        const reply = await take(platform, { ...request, body: spoiled })
        expect(reply.status).toBeGreaterThanOrEqual(400)
        expect(reply.status).toBeLessThan(500)
      })

    test(`of ${kind} refuses what is no message, or comes from a stranger`, async () => {
      const platform = PLATFORMS[kind]()
      const good = goodRequest(kind, platform)
      for (const body of ['', '[]', 'null', '{', '"x"']) {
        const reply = await take(platform, { ...good, body })
        expect(reply.status, body).toBeGreaterThanOrEqual(400)
      }
      if (platform.secrets.length === 0) return
      const stranger = render(kind, messageOf(SAMPLES['issue.opened']), {
        url: `http://r${platform.path}`,
        secrets: platform.secrets.map((one) =>
          one.replace(/[a-zA-Z0-9](?=[^a-zA-Z0-9]*$)/, (c) => (c === 'X' ? 'Y' : 'X')),
        ),
      })
      const reply = await take(platform, stranger, kind === 'webhook' ? { 'webhook-signature': 'v1,AAAA' } : {})
      expect(reply.status).toBeGreaterThanOrEqual(400)
    })
  }

  test('hangs, resets and misbehaves as it is told, once each, and counts what it took', async () => {
    await using receiver = await openReceiver('slack')
    const request = render('slack', messageOf(SAMPLES['issue.opened']), receiver.destination)
    receiver.next = ['reset', { status: 302, headers: { location: '/elsewhere' }, body: '' }]
    await expect(deliver('ntc_1', request, [])).rejects.toThrow()
    expect((await deliver('ntc_1', request, [])).status).toBe(302)
    expect((await deliver('ntc_1', request, [])).status).toBe(200)
    expect([receiver.taken.length, receiver.refused.length]).toEqual([1, 1])
    receiver.next = ['hang']
    await expect(fetch(request.url, { method: 'POST', signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout/i)
  })
})

/** Puts a text into the first that is there. */
function spoilFirst(value: Body, text: string): boolean {
  return Object.entries(value).some(([key, one]) => {
    if (
      typeof one === 'string' &&
      !/^https?:/.test(one) &&
      !['type', 'color', 'routing_key', 'chat_id'].includes(key)
    ) {
      value[key] = text
      return true
    }
    return typeof one === 'object' && one !== null && spoilFirst(one, text)
  })
}
