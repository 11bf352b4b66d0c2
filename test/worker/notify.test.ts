import { describe, expect, test } from 'vitest'
import { CHANNEL_KINDS } from '../../schema/words.ts'
import { render, textOf } from '../../worker/notify/channels.ts'
import { publicKeyOf, signedContent, signedHeaders } from '../../worker/notify/signing.ts'
import slackInNode from '../notify/golden/slack.json'
import zulipInNode from '../notify/golden/zulip.json'
import { messageOf, SAMPLES } from '../notify/samples.ts'

/** RFC 8032, 7.1, test 1 */
const SEED = 'nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A='
const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
const DESTINATION = {
  url: 'https://receiver.example/?chat_id=1&room=!a:b&stream=security&sig=x&key=x&token=x',
  secrets: ['bot@example.net:abcdefghijklmnopqrstuvwxyz012345'],
}

describe('in workerd', () => {
  test('every kind renders every event', () => {
    for (const kind of CHANNEL_KINDS)
      for (const event of Object.values(SAMPLES)) {
        const { url, body } = render(kind, messageOf(event), DESTINATION)
        expect(URL.canParse(url)).toBe(true)
        expect(body.length).toBeGreaterThan(50)
      }
    expect(textOf(messageOf(SAMPLES['issue.opened']))).toContain('What to do: Let fail2ban ignore the scanner')
  })

  test('what is rendered is to the letter what Node renders', () => {
    const message = messageOf(SAMPLES['issue.opened'])
    const slack = render('slack', message, { url: 'https://receiver.example/', secrets: [] })
    expect(JSON.parse(slack.body)).toEqual(slackInNode[0]?.body)
    const zulip = render('zulip', message, DESTINATION)
    expect(Object.fromEntries(new URLSearchParams(zulip.body))).toEqual(zulipInNode[0]?.body)
    expect(zulip.headers.authorization).toBe(zulipInNode[0]?.headers.authorization)
  })

  test('both kinds of signature are made, and are good', async () => {
    const hmac = `whsec_${btoa('k'.repeat(32))}`
    const headers = await signedHeaders('ntc_1', 1_700_000_000_999, '{}', [hmac, `whsk_${SEED}`])
    expect(headers['webhook-timestamp']).toBe('1700000000')
    const [v1 = '', v1a = ''] = (headers['webhook-signature'] ?? '').split(' ')
    const content = new TextEncoder().encode(signedContent('ntc_1', 1_700_000_000_999, '{}'))
    const shared = await crypto.subtle.importKey(
      'raw',
      bytesOf(btoa('k'.repeat(32))),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['verify'],
    )
    expect(await crypto.subtle.verify('HMAC', shared, bytesOf(v1.slice('v1,'.length)), content)).toBe(true)
    const text = await publicKeyOf(`whsk_${SEED}`)
    expect(text).toBe('whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=')
    const open = await crypto.subtle.importKey('raw', bytesOf(text?.slice('whpk_'.length) ?? ''), 'Ed25519', false, [
      'verify',
    ])
    expect(await crypto.subtle.verify('Ed25519', open, bytesOf(v1a.slice('v1a,'.length)), content)).toBe(true)
  })
})
