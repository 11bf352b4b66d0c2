import type { RuleId } from '../rules.ts'

/** What separates causes, each with the closed list of its values. */
export const FEATURES = {
  /** how the port fails for the scanner */
  mode: ['refused', 'silent', 'unreachable', 'cut', 'mute', 'page', 'notice'],
  /** who lost it */
  who: ['scanner', 'range', 'partial', 'all'],
  /** when it is accepted and cut: by a reset told with the handshake, by a later reset, or by an orderly end */
  cut: ['reset_at_once', 'reset', 'end'],
  /** which of the host's open ports the scanner lost; `web`: several, all web and every web port, while others stand */
  area: ['one', 'web', 'some', 'all'],
  /** what was lost; of a host lost whole, the service on it that bans most often begin with */
  service: ['ssh', 'mail', 'web', 'other'],
  /** whether the host began to accept on ports that had refused */
  lure: ['accepts'],
  /** other addresses near the target, in the same seconds */
  neighbour: ['answers', 'lost'],
  /** a witness in the scanner's own country, where it ever looked */
  country: ['fails', 'reaches'],
  /** signs of a managed hosting platform in what the web service said */
  platform: ['managed', 'none'],
  /** whether the scanner got through between its failures */
  flicker: ['never', 'now_and_then'],
  /** whether some of the scanner's connects to the host were let in amid others that were dropped */
  amid: ['through'],
  /** how a short block ended: all that it had held up got in at one moment */
  ends: ['at_once'],
  /** what another scanner got from the same address between the scanner's failures */
  company: ['through'],
  /** where everybody met silence: whether handshakes were completed in between, by whomever */
  seeps: ['through', 'shut'],
  /** touches ten and more seconds apart */
  slow: ['blocked', 'passes'],
  /** E2: refusals in a burst */
  throttle: ['rst', 'icmp'],
  /** E3: the connection kept open since the start */
  canary: ['alive', 'frozen', 'reset'],
  /** what a notice says */
  text: ['max_startups', 'ssh_penalty', 'too_many', 'barred', 'smtp_try_later', 'smtp_refused', 'other'],
  /** what a page is */
  page: ['rate', 'forbidden', 'modsecurity', 'vendor', 'gateway', 'other'],
  /** how fast those were served who still got through around the loss */
  speed: ['slower', 'steady'],
  /** E4: many connects at once, beside slow touches */
  burst: ['limited', 'mixed', 'blocked', 'passes'],
  /** what the scanner had just done to the host when the port was lost */
  trigger: ['sweep', 'ssh', 'mail', 'web', 'other'],
  /** E6: whether each touch began the ban anew */
  renewal: ['renewed', 'fixed'],
  /** refused for what is asked, or whatever is asked */
  content: ['attack_only', 'any'],
  onset: ['before', 'during'],
  /** until it answered again, from the loss on */
  away: ['under_30s', 'minutes', 'ten_minutes', 'hour', 'longer'],
} as const satisfies Record<string, readonly string[]>
export type FeatureName = keyof typeof FEATURES
export type ValueOf<F extends FeatureName> = (typeof FEATURES)[F][number]

/** One feature as it was seen, with the sentence and the looks that carry it. */
export interface Seen {
  value: string
  rule: RuleId
  text: string
  looks: readonly string[]
}
export type Features = Partial<Record<FeatureName, Seen>>
