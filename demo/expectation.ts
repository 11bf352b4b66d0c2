import type { PortAnswer, ScanAnswer } from '../schema/api.ts'
import type { DemoHost } from './stack.ts'

export type Mode = 'guard' | 'no-guard' | 'stop-service'

/**
 * What a scan of the demo host must end with, in each mode. Gives one sentence for everything that differs; none is success.
 */
export function differences(mode: Mode, host: DemoHost, scan: ScanAnswer): string[] {
  const wanted = { guard: 'interference', 'no-guard': 'clear', 'stop-service': 'incomplete' }[mode]
  const said = scan.state !== 'finished' ? [`the scan is ${scan.state}, not finished`] : []
  if (scan.verdict !== wanted) said.push(`the verdict is ${scan.verdict}, not ${wanted}`)
  switch (mode) {
    case 'guard':
      return [...said, ...Object.values(host.ports).flatMap((port) => guardedDifferences(port, portOf(scan, port)))]
    case 'no-guard':
      return said
    case 'stop-service':
      return [...said, ...stoppedDifferences(host.ports.http, portOf(scan, host.ports.http))]
  }
}

const portOf = (scan: ScanAnswer, port: number) => scan.ports.find((it) => it.port === port)

/** A guard that resets what it shuts out looks the same from outside as a ban on the source or a proxy that rejects. */
function guardedDifferences(number: number, port: PortAnswer | undefined): string[] {
  if (!port) return [`port ${number} was not found`]
  const said: string[] = []
  if (port.verdict !== 'interfered' || port.strength !== 'confirmed') {
    said.push(`port ${number} is ${port.verdict} (${port.strength}), not interfered (confirmed)`)
  }
  const { cause } = port
  if (cause?.class !== 'ips' || cause.mechanism !== 'source_ban') {
    said.push(`the cause of port ${number} is ${cause?.class}/${cause?.mechanism}, not ips/source_ban`)
  }
  const alternatives = [...(cause?.alternatives.map((it) => it.mechanism) ?? []), ...(cause?.indistinguishable ?? [])]
  if (!alternatives.includes('proxy_reject')) said.push(`port ${number} does not name proxy_reject as an alternative`)
  return said
}

function stoppedDifferences(number: number, port: PortAnswer | undefined): string[] {
  if (!port) return [`port ${number} was not found`]
  const fits = port.verdict === 'service_down' && port.cause?.class === 'service_change'
  return fits ? [] : [`port ${number} is ${port.verdict}/${port.cause?.class}, not service_down/service_change`]
}
