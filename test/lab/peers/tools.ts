import type { Stage } from '../scenario.ts'

/** Another scanner, and how to read what it says. */
export interface Peer {
  name: string
  limitS: number
  /** its receiver needs packets on the line (awake.ts) */
  needsTraffic?: boolean
  /** a full-range scan of the target at about so many packets a second */
  command(stage: Stage, rate: number): string[]
  open(said: string): number[]
  /** its words about being interfered with, as far as it has any */
  says(said: string): string
}

const WORDS =
  /interfer|block|\bban|\bids\b|giving up|rate.?limit|adaptive|increasing send delay|host timeout|unresponsive/i
const IDLE = /^(Starting|Nmap done|Initiating|Completed|Scanning|Discovered|Rate:|rate:|# )/
const wordsOf = (said: string): string =>
  said
    .split(/[\n\r]/)
    .map((line) => line.trim())
    .filter((line) => WORDS.test(line) && !IDLE.test(line))
    .slice(0, 1)
    .join('')
    .slice(0, 90)

const NMAP = ['-v', '-n', '-Pn', '-p-', '--max-retries', '1', '--host-timeout', '300s', '-oG', '-']
const nmap = (name: string, kind: string): Peer => ({
  name,
  limitS: 330,
  command: ({ target }, rate) => ['nmap', kind, ...NMAP, '--min-rate', `${rate}`, target],
  // At a host time-out nmap throws its list away; what it said on the way counts as well.
  open: (said) => [
    ...new Set([...said.matchAll(/(\d+)\/open\/tcp|Discovered open port (\d+)/g)].map(([, a, b]) => Number(a ?? b))),
  ],
  says: wordsOf,
})

export const PEERS: readonly Peer[] = [
  nmap('nmap -sT', '-sT'),
  nmap('nmap -sS', '-sS'),
  {
    name: 'masscan',
    limitS: 120,
    needsTraffic: true,
    command: ({ target, scanner }, rate) => [
      'masscan',
      ...['-p', '1-65535', '--rate', `${rate}`, '--wait', '5', '--adapter-ip', scanner, '--interface', 'eth0', target],
    ],
    open: (said) => [...said.matchAll(/open port (\d+)\/tcp/g)].map((match) => Number(match[1])),
    says: wordsOf,
  },
]
