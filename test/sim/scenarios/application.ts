import { ban } from '../elements/ban.ts'
import { connectionRate } from '../elements/limit.ts'
import { ALWAYS_FORBIDDEN, BEHIND_CDN, NOTICES, PAGES } from '../elements/pages.ts'
import { loginPenalty, sshPenalties } from '../elements/penalty.ts'
import { deeds, sometime } from '../elements/trigger.ts'
import type { Answer, Element } from '../net/element.ts'
import { BOX, IMAP, MAIL_HOST, POP3, portsOf, SMTP, SUBMISSION, WEB_HOST } from './hosts.ts'
import { between, type Drawn, oneOf, type Scenario, type Truth } from './scenario.ts'
import { logins } from './shape.ts'

const WEB = [80, 443]
const PAGE = ['app_blocked'] as const

/** Every request shaped like an attack gets this; nothing else does. */
const perRequest = (answer: Answer): Element => ({
  talk: ({ deed, port }) => (deed === 'attack' && WEB.includes(port) ? answer : null),
})
/** The source is turned away for a while once it has drawn attention. */
const turnedAway = (roll: () => number, answer: Answer): Drawn => ({
  focus: WEB,
  setting: {
    ports: BOX,
    profile: 'assertive',
    elements: [
      ban({
        trigger: deeds(['attack', 'odd'], Math.ceil(between(roll, 1, 12)), 60_000),
        ports: WEB,
        how: { answer },
        lagMs: between(roll, 0, 2_000),
        lastsMs: 600_000,
      }),
    ],
  },
})
const vendorPage = (name: string, vendor: string, answer: Answer): Scenario => ({
  name: `P29 ${name}`,
  kind: 'block',
  truth: { verdicts: PAGE, classes: ['waf'], mechanisms: ['cdn_waf'], vendor },
  draw: (roll) => turnedAway(roll, answer),
})

/** Web application firewalls and content networks. */
export const WEB_ANSWERS: readonly Scenario[] = [
  {
    name: 'P15 CRS answers attacks with 403, nothing else',
    kind: 'rate',
    truth: { verdicts: ['app_blocked', 'degraded'], classes: ['waf'], mechanisms: ['modsecurity', 'http_block_page'] },
    draw: () => ({
      focus: WEB,
      setting: { ports: BOX, profile: 'assertive', elements: [perRequest(PAGES.modsecurity)] },
    }),
  },
  {
    name: 'P15b WAF turns the source away, 403 or 406',
    kind: 'block',
    truth: { verdicts: PAGE, classes: ['waf'], mechanisms: ['modsecurity', 'http_block_page'] },
    draw: (roll) => turnedAway(roll, oneOf(roll, [PAGES.modsecurity, PAGES.nginxDeny, PAGES.notAcceptable])),
  },
  {
    name: 'P15c block page with status 200',
    kind: 'block',
    truth: { verdicts: PAGE, classes: ['waf'], mechanisms: ['http_block_page', 'modsecurity', 'cdn_waf'] },
    draw: (roll) => turnedAway(roll, oneOf(roll, [PAGES.plain, PAGES.f5])),
  },
  {
    name: 'P18 nginx 444 for the source after a rule',
    kind: 'block',
    truth: {
      verdicts: ['interfered'],
      classes: ['waf', 'ddos_protection'],
      mechanisms: ['proxy_reject', 'http_block_page'],
    },
    draw: (roll) => turnedAway(roll, { do: 'cut', how: 'end', atRequest: true }),
  },
  vendorPage('Cloudflare 1020', 'Cloudflare', PAGES.cloudflare1020),
  vendorPage('Cloudflare challenge', 'Cloudflare', PAGES.cloudflareChallenge),
  vendorPage('Akamai', 'Akamai', PAGES.akamai),
  vendorPage('Imperva', 'Imperva', PAGES.imperva),
  vendorPage('Sucuri', 'Sucuri', PAGES.sucuri),
  vendorPage('AWS CloudFront', 'AWS CloudFront', PAGES.aws),
  vendorPage('Azure', 'Azure WAF', PAGES.azure),
  {
    name: 'P29 Cloudflare 1015 (429)',
    kind: 'block',
    truth: {
      verdicts: ['app_blocked', 'degraded'],
      classes: ['ddos_protection', 'waf'],
      mechanisms: ['http_rate_limit', 'cdn_waf'],
      vendor: 'Cloudflare',
    },
    draw: (roll) => turnedAway(roll, PAGES.cloudflare1015),
  },
  {
    name: 'P26 attack requests dropped, the flow goes silent',
    kind: 'rate',
    truth: {
      verdicts: ['degraded', 'interfered', 'app_blocked'],
      classes: ['ips', 'waf'],
      mechanisms: ['payload_filter'],
    },
    draw: () => ({
      focus: WEB,
      setting: {
        ports: BOX,
        profile: 'assertive',
        elements: [perRequest({ do: 'mute', atRequest: true })],
      },
    }),
  },
  {
    name: 'P26b attack requests reset',
    kind: 'rate',
    truth: {
      verdicts: ['degraded', 'interfered', 'app_blocked'],
      classes: ['ips', 'waf'],
      mechanisms: ['payload_filter'],
    },
    draw: () => ({
      focus: WEB,
      setting: {
        ports: BOX,
        profile: 'assertive',
        elements: [perRequest({ do: 'cut', how: 'reset', atRequest: true })],
      },
    }),
  },
  {
    name: 'P31 reactive tarpit, accepted and silent on all ports',
    kind: 'block',
    truth: {
      verdicts: ['interfered'],
      classes: ['ips', 'ddos_protection', 'phantom'],
      mechanisms: ['tarpit', 'proxy_silent_drop', 'source_ban', 'network_ips'],
    },
    draw: (roll) => ({
      focus: portsOf(BOX),
      setting: {
        ports: BOX,
        profile: 'accompany',
        watchMs: 70_000,
        elements: [
          ban({ trigger: sometime(between(roll, 8_000, 40_000)), how: { answer: { do: 'mute' } }, lastsMs: 600_000 }),
        ],
      },
    }),
  },
]

/** Presence is not blocking. */
export const WEB_PEACE: readonly Scenario[] = (
  [
    ['X18 site behind a content network, nothing blocked', BEHIND_CDN],
    ['X19 site that answers 403 to everyone, always', ALWAYS_FORBIDDEN],
  ] as const
).map(([name, answer]) => ({
  name,
  kind: 'innocent',
  truth: { verdicts: ['open', 'transient', 'inconclusive'], classes: [], mechanisms: [] },
  draw: () => ({
    focus: WEB,
    setting: {
      ports: BOX,
      profile: 'assertive',
      elements: [{ talk: ({ port }) => (WEB.includes(port) ? answer : null) }],
    },
  }),
}))

const SMTP_PORTS = portsOf([SMTP, SUBMISSION])
const MAIL_PORTS = portsOf([SMTP, SUBMISSION, IMAP, POP3])
const onMail =
  (answer: Answer, deed: 'early' | 'visit', count: number, lastsMs: number) =>
  (roll: () => number): Drawn => ({
    focus: [25],
    setting: {
      ports: MAIL_HOST,
      profile: 'assertive',
      elements: [
        ban({
          trigger: deeds([deed, 'early'], count, 60_000, [25]),
          ports: [25],
          how: { answer },
          lagMs: between(roll, 0, 1_000),
          lastsMs,
        }),
      ],
    },
  })
const mail = (truth: Partial<Truth> & Pick<Truth, 'mechanisms'>): Truth => ({
  verdicts: ['app_blocked'],
  classes: ['mail_protection'],
  ...truth,
})

/** Shells and mail: services that count their visitors. */
export const COUNTING_ANSWERS: readonly Scenario[] = [
  {
    name: 'P22 OpenSSH penalties, our banners',
    kind: 'block',
    truth: { verdicts: ['app_blocked'], classes: ['ips'], mechanisms: ['openssh_penalty'] },
    // Thirteen banners stay below the default of 15 s; an owner may set more for each.
    draw: (roll) => ({
      focus: [22],
      setting: {
        ports: WEB_HOST,
        profile: 'assertive',
        elements: [sshPenalties(22, { junk: between(roll, 10, 60) })],
      },
    }),
  },
  {
    name: 'P22b OpenSSH penalties, other scanner’s logins',
    kind: 'block',
    truth: { verdicts: ['app_blocked'], classes: ['ips'], mechanisms: ['openssh_penalty'] },
    draw: (roll) => ({
      focus: [22],
      setting: {
        ports: WEB_HOST,
        profile: 'accompany',
        watchMs: 60_000,
        other: [{ port: 22, deed: 'login', from: between(roll, 15_000, 30_000), everyMs: 400, times: 600 }],
        elements: [sshPenalties()],
      },
    }),
  },
  {
    name: 'P23 postscreen, client spoke first, 521',
    kind: 'block',
    truth: mail({ mechanisms: ['postscreen', 'smtp_limit'] }),
    draw: onMail(NOTICES.protocol, 'early', 1, 3_600_000),
  },
  {
    name: 'P23b postscreen, listed address, 550',
    kind: 'block',
    truth: mail({ mechanisms: ['postscreen', 'smtp_limit'] }),
    draw: onMail(NOTICES.listed, 'visit', 5, 3_600_000),
  },
  {
    name: 'P23c postfix, too many connections, 421',
    kind: 'block',
    truth: mail({ mechanisms: ['smtp_limit', 'postscreen'] }),
    draw: onMail(NOTICES.tooMany, 'visit', 8, 60_000),
  },
  {
    name: 'P23d smtp rate for the source, 421, other scanner goes on',
    kind: 'rate',
    truth: mail({ verdicts: ['app_blocked', 'degraded'], mechanisms: ['smtp_limit', 'postscreen'] }),
    draw: (roll) => ({
      focus: SMTP_PORTS,
      setting: {
        ports: MAIL_HOST,
        profile: 'accompany',
        watchMs: 60_000,
        other: [{ port: 25, deed: 'visit', from: between(roll, 12_000, 25_000), everyMs: 500, times: 260 }],
        elements: [connectionRate({ perSecond: 0.2, burst: 6, ports: SMTP_PORTS, how: { answer: NOTICES.tooMany } })],
      },
    }),
  },
  {
    name: 'P24 dovecot login penalty, slow answers',
    kind: 'block',
    truth: mail({ verdicts: ['interfered', 'degraded', 'app_blocked'], mechanisms: ['login_penalty'] }),
    draw: (roll) => ({
      focus: [143, 110],
      setting: {
        ports: MAIL_HOST,
        profile: 'accompany',
        watchMs: 50_000,
        other: [{ port: 143, deed: 'login', from: between(roll, 12_000, 25_000), everyMs: 3_000, times: 60 }],
        elements: [loginPenalty([143, 110])],
      },
    }),
  },
  {
    name: 'X09 fail2ban postfix and dovecot, mail ports, reject',
    kind: 'block',
    truth: { verdicts: ['interfered'], classes: ['ips', 'mail_protection'], mechanisms: ['fail2ban', 'mail_ban'] },
    draw: (roll) => ({
      focus: MAIL_PORTS,
      setting: {
        ports: MAIL_HOST,
        profile: 'accompany',
        watchMs: 60_000,
        other: logins(roll, 25),
        elements: [
          ban({
            trigger: deeds(['login'], 5, 600_000),
            ports: MAIL_PORTS,
            how: 'port_unreachable',
            lagMs: between(roll, 500, 3_000),
            lastsMs: 600_000,
          }),
        ],
      },
    }),
  },
]
