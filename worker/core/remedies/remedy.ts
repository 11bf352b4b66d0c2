import type { Format } from '../../../schema/formats.ts'
import type { CauseClass, MECHANISM_CLASS, Mechanism, Service } from '../../../schema/words.ts'
import { clock, number } from '../text.ts'

export { FORMATS, type Format } from '../../../schema/formats.ts'

/** What is known of one lost endpoint, to be filled into a remedy. */
export interface Situation {
  /** the address that the scanner's probe connects from */
  source: string | null
  /** the scanned address */
  target: string | null
  port: number | null
  service: Service
  /** ms; null when the loss was never seen */
  lostAt: number | null
  /** connects per second of the fastest scan of this target that ended clear; null when none is known */
  highestCleanRate: number | null
}

/** A situation in the words that tools want. */
export interface Scene {
  source: string
  /** the source as a network of one address: `198.51.100.7/32` */
  cidr: string
  /** the source as mail and TCP wrappers write it: IPv6 in brackets */
  bracketed: string
  /** of the source's family, for nftables and for the `ip` command */
  ip: 'ip' | 'ip6'
  iproute: 'ip' | 'ip -6'
  iptables: 'iptables' | 'ip6tables'
  isIpv6: boolean
  target: string
  port: string
  service: Service
  /** ` near 14:03:12Z`, or nothing */
  near: string
  /** ` on 2026-01-05 at 14:03:12Z`, or nothing */
  when: string
  /** the sentence that asks for a slower scan */
  slower: string
  vendor: string | null
}

/** Words in capitals stand for what only the owner knows: JAIL, NAME, SERVICE. */
export function sceneOf(situation: Situation, vendor: string | null): Scene {
  const { lostAt, highestCleanRate: rate, service } = situation
  const source = situation.source ?? 'SCANNER'
  const isIpv6 = source.includes(':')
  return {
    source,
    cidr: `${source}/${isIpv6 ? 128 : 32}`,
    bracketed: isIpv6 ? `[${source}]` : source,
    ip: isIpv6 ? 'ip6' : 'ip',
    iproute: isIpv6 ? 'ip -6' : 'ip',
    iptables: isIpv6 ? 'ip6tables' : 'iptables',
    isIpv6,
    target: situation.target ?? 'TARGET',
    port: situation.port === null ? 'PORT' : String(situation.port),
    service,
    near: lostAt === null ? '' : ` near ${clock(lostAt)}`,
    when: lostAt === null ? '' : ` on ${new Date(lostAt).toISOString().slice(0, 10)} at ${clock(lostAt)}`,
    slower:
      rate === null
        ? 'Or scan more slowly: halve the target’s `maxConnectsPerSecond` until a scan ends clear.'
        : `Or scan more slowly: at ${number(rate)} connects per second nothing was held back, so set \`maxConnectsPerSecond\` to ${rate} or less.`,
    vendor,
  }
}

/** One cause's remedy. Commands stand between back quotes; no text is longer than 400 characters. */
export interface Remedy {
  title: string
  /** in one sentence */
  happened: string
  /** the command or the log on the target that shows it */
  confirm: string
  change: readonly string[]
  /** null when nothing is changed on the target */
  undo: string | null
  /** what cannot be done, or is easily got wrong */
  limit?: string
  /** a letter to somebody else, paragraph by paragraph */
  letter?: readonly string[]
  formats: readonly Format[]
}
export type RemedyFor = (scene: Scene) => Remedy

type MechanismOf<C extends CauseClass> = {
  [M in Mechanism]: (typeof MECHANISM_CLASS)[M] extends C ? M : never
}[Mechanism]
/** A remedy for each mechanism of a class: a new mechanism does not compile until it has one. */
export type RemediesOf<C extends CauseClass> = Record<MechanismOf<C>, RemedyFor>

/** How a rule goes to the front of a host firewall's input chain, and out again. */
export const acceptRule = ({ ip, iptables, source, port }: Scene): string =>
  `\`nft insert rule inet filter input ${ip} saddr ${source} tcp dport ${port} accept\` (your table and chain: the one that drops) or \`${iptables} -I INPUT -s ${source} -p tcp --dport ${port} -j ACCEPT\``
export const withdrawRule = ({ iptables, source, port }: Scene): string =>
  `\`nft -a list chain inet filter input\` shows the rule’s handle for \`nft delete rule inet filter input handle N\`; or \`${iptables} -D INPUT -s ${source} -p tcp --dport ${port} -j ACCEPT\`.`
