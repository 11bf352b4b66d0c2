/** Matrix: PUT of an m.room.message; the transaction id makes a repeat harmless. spec.matrix.org, client-server API */
import { type Card, fitted } from '../card.ts'
import { type Channel, JSON_TYPE, RETRY_AFTER } from '../channel.ts'
import { bytes, html } from '../plain.ts'
import { type Markup, PLAIN, wholeText } from '../text.ts'

/** An event is at most 65,536 bytes with all that the server adds. */
const MAX_BYTES = 48_000

const INK: Markup = {
  text: html,
  code: (text) => `<code>${html(text)}</code>`,
  bold: (text) => `<strong>${html(text)}</strong>`,
  link: (label, url) => `<a href="${html(url)}">${html(label)}</a>`,
  newline: '<br>',
  paragraph: '<br><br>',
}

const contentOf = (card: Card, root: string | null) => ({
  // Not m.notice: by default nobody is notified of those.
  msgtype: 'm.text',
  body: wholeText(card, PLAIN),
  format: 'org.matrix.custom.html',
  formatted_body: wholeText(card, INK),
  // Says that nobody is mentioned, whatever stands in the text.
  'm.mentions': {},
  ...(root === null
    ? {}
    : {
        'm.relates_to': {
          rel_type: 'm.thread',
          event_id: root,
          is_falling_back: true,
          'm.in_reply_to': { event_id: root },
        },
      }),
})

export const matrix: Channel = {
  form: {
    url: 'the homeserver with ?room=, the room’s internal id',
    secret: 'the access token of a user who is in the room',
    example: 'https://matrix.example.net/?room=!abcdefg:example.net',
  },
  hosts: 'any',
  query: { needs: ['room'], takes: [] },
  secret: /^[\w.~=+/-]{8,1000}$/,
  rate: { perSecond: 0.2, burst: 10, source: 'Synapse, rc_message: 0.2 a second, burst 10' },
  answer: {
    success: { statuses: [200] },
    retryAfter: [RETRY_AFTER, { in: 'json', at: 'retry_after_ms', unit: 'milliseconds' }],
    gone: [
      { status: 410 },
      { status: 401, says: /M_UNKNOWN_TOKEN|M_MISSING_TOKEN/ },
      { status: 403, says: /M_FORBIDDEN/ },
    ],
    reason: { json: 'error' },
  },
  follow: { how: 'thread_of', remember: 'event_id', forgotten: null },
  render(message, { url, secrets }, memory) {
    const { origin, pathname, searchParams } = new URL(url)
    const room = encodeURIComponent(searchParams.get('room') ?? '')
    const transaction = encodeURIComponent(message.id)
    return {
      method: 'PUT',
      url: `${origin}${pathname.replace(/\/$/, '')}/_matrix/client/v3/rooms/${room}/send/m.room.message/${transaction}`,
      headers: { ...JSON_TYPE, authorization: `Bearer ${secrets[0] ?? ''}` },
      body: fitted(
        message,
        (card) => JSON.stringify(contentOf(card, memory)),
        (body) => bytes(body) <= MAX_BYTES,
      ),
    }
  },
}
