/** What is the same for several ports is said once. */
import type { PortVerdict } from '../../../schema/judgement.ts'
import { clock, listed } from '../../core/text.ts'

/** Ports that were lost to one and the same thing, together; in the order in which each thing is met first. */
export function grouped(ports: readonly PortVerdict[]): PortVerdict[][] {
  const groups = new Map<string, PortVerdict[]>()
  for (const port of ports) {
    const key = JSON.stringify([
      port.verdict,
      port.strength,
      port.cause && [port.cause.class, port.cause.mechanism, port.cause.vendor],
    ])
    groups.set(key, [...(groups.get(key) ?? []), port])
  }
  return [...groups.values()]
}

/** One thing that is said, and of which ports. */
export interface Said<T> {
  value: T
  ports: PortVerdict[]
}

/** What `valuesOf` says of each port: once each, with the ports of which it is said. */
export function saidOf<T>(ports: readonly PortVerdict[], valuesOf: (port: PortVerdict) => readonly T[]): Said<T>[] {
  const said = new Map<string, Said<T>>()
  for (const port of ports)
    for (const value of valuesOf(port)) {
      const key = JSON.stringify(value)
      const before = said.get(key)
      if (before) before.ports.push(port)
      else said.set(key, { value, ports: [port] })
    }
  return [...said.values()]
}

/** A text of which `ports` have every word, and `alike` every word but the port’s own number and the time of day. */
export interface SaidText extends Said<string> {
  alike: PortVerdict[]
}

/** A time of day, as texts of ours have it. */
const CLOCK = /\d\d:\d\d:\d\dZ/g

/** The same for texts that are written for one port each. */
export function textsOf(
  ports: readonly PortVerdict[],
  textsOfPort: (port: PortVerdict) => string | readonly string[],
): SaidText[] {
  const said = new Map<string, SaidText>()
  for (const { value, ports: same } of saidOf(ports, (port) => [textsOfPort(port)].flat())) {
    const own = new RegExp(`\\b${same[0]?.port}\\b`, 'g')
    const key = value.replaceAll(own, '#').replaceAll(CLOCK, '@')
    const before = said.get(key)
    if (before) before.alike.push(...same)
    else said.set(key, { value, ports: same, alike: [] })
  }
  return [...said.values()]
}

const labelOf = (port: PortVerdict, all: readonly PortVerdict[]): string =>
  all.some(({ address }) => address !== port.address) ? `${port.port} of ${port.address}` : `${port.port}`

/** `port 22`, `ports 22 and 80`; with their addresses where `all` have several. */
export const portsNamed = (some: readonly PortVerdict[], all: readonly PortVerdict[]): string =>
  `${some.length === 1 ? 'port' : 'ports'} ${listed(some.map((port) => labelOf(port, all)))}`

/** `port 80 (lost 14:02:44Z)`: what stands in the place of the number and, if there is one, the time in the text. */
export const portsAlike = ({ value, alike }: SaidText, all: readonly PortVerdict[]): string =>
  listed(
    alike.map((port) => {
      const time = port.lostAt !== null && value.search(CLOCK) >= 0 ? ` (lost ${clock(port.lostAt)})` : ''
      return `port ${labelOf(port, all)}${time}`
    }),
  )
