/** What the service said: notices, pages, and who stands behind them. */
import type { EndpointEvidence, Look, ScanEvidence } from '../evidence.ts'
import { lureIn } from '../lure.ts'
import { count, latin1Of } from '../text.ts'
import type { Outcome } from '../verdict.ts'
import { platformIn, signsIn } from '../waf.ts'
import type { Seen, ValueOf } from './feature.ts'
import { serviceKind } from './scope.ts'

/**
 * What vsftpd, ProFTPD, Pure-FTPd and MySQL (1040, 1203) write when there are too many, and when they do not let a source in (1129, 1130;
 * TigerVNC and RealVNC after connections without a login).
 */
const TOO_MANY = /too many|maximum (?:number of|allowed)|max_user_connections/i
const BARRED = /is blocked because of|not allowed to connect|\bbanned\b|access denied|too many security failures/i

export function lureOf({ address }: EndpointEvidence, scan: ScanEvidence): Seen | null {
  const looks = lureIn(scan.phantomLooks.get(address))
  if (looks.length === 0) return null
  return {
    value: 'accepts',
    rule: 'LURE-1',
    text: `${count(looks.length, 'random high port')} accepted the scanner, where they had not at first: something answers it in the host’s place, on every port.`,
    looks: looks.map(({ id }) => id),
  }
}

export function noticeOf(endpoint: EndpointEvidence, failures: readonly Look[]): Seen | null {
  const notices = failures.filter((look) => look.sight === 'notice' && look.observation.firstBytes)
  const first = notices[0]
  if (!first) return null
  const said = latin1Of(first.observation.firstBytes)
  // Mail has codes that say it, and limits and lists of its own.
  const isOthers = serviceKind(endpoint.service) === 'other'
  const value: ValueOf<'text'> = /Exceeded MaxStartups/i.test(said)
    ? 'max_startups'
    : /Not allowed at this time/i.test(said)
      ? 'ssh_penalty'
      : isOthers && BARRED.test(said)
        ? 'barred'
        : isOthers && TOO_MANY.test(said)
          ? 'too_many'
          : /^(421|450|451)/m.test(said)
            ? 'smtp_try_later'
            : /^5\d\d/m.test(said)
              ? 'smtp_refused'
              : 'other'
  return {
    value,
    rule: 'TXT-1',
    text: {
      max_startups: 'The text is that of OpenSSH when too many logins are under way (MaxStartups).',
      ssh_penalty: 'The text is that of OpenSSH when it penalises a source, or since 9.8 when MaxStartups is reached.',
      too_many: `The ${endpoint.service} service says that there are too many connections.`,
      barred: `The ${endpoint.service} service says that it does not let this source in.`,
      smtp_try_later: 'The greeting is a 4xx: come back later or with fewer connections.',
      smtp_refused: 'The greeting is a 5xx: this source is not wanted.',
      other: `The ${endpoint.service} service refuses in words.`,
    }[value],
    looks: notices.map((look) => look.id),
  }
}

/** A module of the server's own, not a network before it. */
const MODSECURITY = 'ModSecurity'

/** By these a front, whoever made it, says that what stands behind it failed; 520 to 526 are Cloudflare's. */
const GATEWAY: ReadonlySet<number> = new Set([502, 504, 520, 521, 522, 523, 524, 525, 526])

export function pageOf(failures: readonly Look[]): Seen | null {
  const pages = failures.filter((look) => look.sight === 'page')
  const first = pages[0]
  if (!first) return null
  const status = first.observation.httpStatus
  const signs = signsIn(latin1Of(first.observation.firstBytes))
  const vendor = signs.find((sign) => sign.vendor !== MODSECURITY)?.vendor
  const isModsecurity = signs.some((sign) => sign.vendor === MODSECURITY)
  const rate = status === 429 || status === 503
  const value: ValueOf<'page'> = rate
    ? 'rate'
    : GATEWAY.has(status ?? 0)
      ? 'gateway'
      : vendor
        ? 'vendor'
        : isModsecurity
          ? 'modsecurity'
          : status === 403 || status === 406
            ? 'forbidden'
            : 'other'
  return {
    value,
    rule: 'PAGE-1',
    text: `The page has status ${status ?? 'unknown'}${vendor || isModsecurity ? ` and carries signs of ${vendor ?? MODSECURITY}` : ''}.`,
    looks: pages.map((look) => look.id),
  }
}

/** Presence is a prior, never proof: platforms that run many customers behind one door also have rules of their own. */
export function platformOf(scan: ScanEvidence): Seen | null {
  const { platform, looks, heard } = platformIn(scan)
  if (!heard) return null
  return {
    value: platform === null ? 'none' : 'managed',
    rule: 'HST-1',
    text:
      platform === null
        ? 'Nothing that the web service said points at a managed hosting platform.'
        : `The web service runs on ${platform}, a managed hosting platform.`,
    looks,
  }
}

/** The vendor that a block page names, or null. */
export function vendorOf(outcome: Outcome): string | null {
  for (const { scanner } of outcome.case?.rounds ?? []) {
    if (scanner.sight !== 'page') continue
    const sign = signsIn(latin1Of(scanner.observation.firstBytes))[0]
    if (sign) return sign.vendor
  }
  return null
}

/** Whether it matters what the scanner asks: by the attack shapes, or by plain touches that are refused too. */
export function contentOf(outcome: Outcome, failures: readonly Look[]): Seen | null {
  const { content } = outcome
  if (content)
    return {
      value: 'attack_only',
      rule: 'APP-2',
      text: `${content.refused.length} of ${content.attacks} requests shaped like attacks were refused, ${content.served.length} plain ones were served before and after.`,
      looks: [...content.refused, ...content.served].map((look) => look.id),
    }
  const plain = failures.filter((look) => look.observation.purpose === 'verify')
  if (outcome.case === null || plain.length === 0) return null
  return {
    value: 'any',
    rule: 'APP-2',
    text: 'Plain touches fail as well: it is not about what is asked.',
    looks: plain.map((look) => look.id),
  }
}
