import { describe, expect, test } from 'vitest'
import { CHANNEL_KINDS, type ChannelKind } from '../../schema/words.ts'
import { checkDestination, mayReach } from '../../worker/notify/destination.ts'
import { PLATFORMS } from '../support/receivers/platforms.ts'

const GOOD: Record<ChannelKind, string> = {
  slack: 'https://hooks.slack.com/services/T/B/X',
  teams:
    'https://prod-00.westeurope.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?api-version=1&sp=x&sv=1&sig=x',
  discord: 'https://discord.com/api/webhooks/1/token',
  google_chat: 'https://chat.googleapis.com/v1/spaces/X/messages?key=k&token=t',
  mattermost: 'https://mattermost.example.net/hooks/x',
  rocket_chat: 'https://chat.example.net/hooks/a/b',
  telegram: 'https://api.telegram.org/?chat_id=-1001234567890',
  zulip: 'https://example.zulipchat.com/?stream=security',
  matrix: 'https://matrix.example.net/?room=!abc:example.net',
  pagerduty: 'https://events.pagerduty.com/v2/enqueue',
  webhook: 'https://example.net/hooks/portwitness?a=b',
}
const faults = (kind: ChannelKind, url: string, secrets = PLATFORMS[kind]().secrets, allowLocal = false) =>
  checkDestination(kind, { url, secrets }, { allowLocal })

describe('a channel’s address', () => {
  for (const kind of CHANNEL_KINDS) {
    test(`${kind}: is taken as its platform gives it`, () => {
      expect(faults(kind, GOOD[kind])).toEqual([])
    })

    test(`${kind}: leads nowhere but there`, () => {
      const { search, pathname } = new URL(GOOD[kind])
      const wrong = [
        GOOD[kind].replace('https:', 'http:'),
        GOOD[kind].replace('https://', 'https://user:pass@'),
        `${GOOD[kind]}#x`,
        ...[
          '127.0.0.1',
          '10.0.0.1',
          '169.254.169.254',
          '[::1]',
          '[fd00::1]',
          '[::ffff:10.0.0.1]',
          '0x7f.1',
          '2130706433',
          '93.184.216.34',
          '1572395042',
          '[2606:4700::1111]',
        ].map((host) => `https://${host}${pathname}${search}`),
        ...['localhost', 'metadata', 'metadata.google.internal', 'printer.local', 'a.home.arpa.'].map(
          (host) => `https://${host}${pathname}${search}`,
        ),
        `https://${new URL(GOOD[kind]).hostname}:22${pathname}${search}`,
        'javascript:alert(1)',
        'not a url',
        `https://example.net/${'x'.repeat(2_000)}`,
      ]
      for (const url of wrong) {
        const found = faults(kind, url)
        expect(
          found.map(({ field }) => field),
          url,
        ).toContain('url')
        expect(JSON.stringify(found)).not.toContain('user:pass')
      }
    })

    test(`${kind}: may be on this machine or its networks when the Worker was started so`, () => {
      const { path, secrets } = PLATFORMS[kind]()
      expect(faults(kind, `http://127.0.0.1:8080${path}`, secrets, true)).toEqual([])
      expect(faults(kind, `http://[::1]:8080${path}`, secrets, true)).toEqual([])
      expect(faults(kind, `http://127.0.0.1:8080${path}`, secrets, false)).not.toEqual([])
      expect(faults(kind, `http://10.0.0.1${path}`, secrets, true)).toEqual([])
      expect(faults(kind, `http://10.0.0.1${path}`, secrets, false)).not.toEqual([])
      expect(faults(kind, `http://169.254.169.254${path}`, secrets, true)).not.toEqual([])
    })

    test(`${kind}: has the secret that it needs, and no other`, () => {
      const { secrets } = PLATFORMS[kind]()
      const none = faults(kind, GOOD[kind], [])
      const odd = faults(kind, GOOD[kind], ['not the right form'])
      const many = faults(kind, GOOD[kind], ['a', 'b', 'c'])
      expect(none.length > 0).toBe(secrets.length > 0)
      expect([...odd.map(({ field }) => field)]).toContain('secret')
      expect(many).not.toEqual([])
      expect(JSON.stringify(odd)).not.toContain('not the right form')
    })
  }

  test('look-alikes of a known host are strangers', () => {
    for (const host of ['hooks.slack.com.evil.example', 'evilhooks.slack.com', 'hooks-slack.com', 'slack.com'])
      expect(faults('slack', `https://${host}/services/T/B/X`)).not.toEqual([])
    for (const host of ['logic.azure.com', 'evil-logic.azure.com', 'x.logic.azure.com.evil.example'])
      expect(faults('teams', `https://${host}/w?sig=x`)).not.toEqual([])
  })

  test('what a name led to is looked at once more', () => {
    expect(mayReach('93.184.216.34', { allowLocal: false })).toBe(true)
    for (const address of ['127.0.0.1', '10.1.2.3', '169.254.169.254', '::1', '64:ff9b::a00:1', 'x'])
      expect(mayReach(address, { allowLocal: false }), address).toBe(false)
    expect(mayReach('127.0.0.1', { allowLocal: true })).toBe(true)
    expect(mayReach('10.1.2.3', { allowLocal: true })).toBe(true)
    for (const address of ['169.254.169.254', '169.254.170.2', '0.0.0.0', '224.0.0.1', '64:ff9b::a00:1'])
      expect(mayReach(address, { allowLocal: true }), address).toBe(false)
  })
})
