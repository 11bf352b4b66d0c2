import type { PortAnswer, ScanAnswer } from '../../schema/api.ts'
import { printable } from '../../schema/terminal.ts'
import type { VerdictWord } from '../../schema/words.ts'
import type { Colour, Paint } from './display.ts'
import { wrapped } from './wrap.ts'

/** What a scan came to, in one sentence made from the verdicts of its ports. */
export function headlineOf(scan: ScanAnswer, { paint, width }: { paint: Paint; width: number }): string {
  const [colour, text] = told(scan)
  return paint('bold', paint(colour, wrapped('', text, width)))
}

function told(scan: ScanAnswer): [Colour, string] {
  if (scan.state === 'failed')
    return ['red', `The scan failed: ${printable(scan.failure?.detail ?? 'no reason given.', 400)}`]
  if (scan.state === 'cancelled') return ['yellow', 'The scan was cancelled.']
  switch (scan.verdict) {
    case 'interference':
      return ['red', 'Interference: something kept this scan from seeing all it should.']
    case 'clear':
      return [
        'green',
        scan.ports.length === 0
          ? 'Clear: no open port was found, so nothing could be lost.'
          : 'Clear: the target was reachable throughout.',
      ]
    case 'incomplete':
    case null:
      return ['yellow', `Incomplete: ${reasons(scan).join('; ')}.`]
  }
}

/** Why a scan is incomplete, from the surest reason to the weakest. */
function reasons({ ports, coverage }: ScanAnswer): string[] {
  const said: string[] = []
  const away = ports.filter((port) => port.verdict === 'service_down')
  const down = away.length
  const cut = having(ports, 'path_outage')
  const unclear = having(ports, 'inconclusive')
  if (down > 0)
    said.push(
      `${down === 1 ? 'a service' : `${down} services`} went away during the scan, for everybody${away.every(isInnocent) ? '; that was no interference' : ''}`,
    )
  if (cut > 0) said.push(`the way to ${portsOf(cut)} failed, not the target`)
  if (unclear > 0) said.push(`what happened to ${portsOf(unclear)} could not be judged`)
  const untested = coverage ? coverage.portsAsked - coverage.portsTested : 0
  if (untested > 0) said.push(`${portsOf(untested)} could not be tested`)
  return said.length > 0 ? said : ['the scan was not carried out whole']
}

/** Where no cause is firm, a ban on the whole fleet is not ruled out. */
const isInnocent = ({ cause }: PortAnswer): boolean =>
  cause !== null && cause.class !== 'unexplained' && cause.confidence > 0.5
const having = (ports: readonly PortAnswer[], verdict: VerdictWord): number =>
  ports.filter((port) => port.verdict === verdict).length
const portsOf = (n: number): string => (n === 1 ? '1 port' : `${n} ports`)
