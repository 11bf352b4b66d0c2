import { endpointKey } from '../../../schema/facts.ts'
import type { Cause, PortVerdict } from '../../../schema/judgement.ts'
import { RATIONED } from '../../../schema/words.ts'
import { percent } from '../../core/text.ts'
import type { ChecksOf } from '../views.ts'
import { CAUSE, MECHANISM, RECHECK, RECOVERY, spoken } from '../words.ts'
import { Share, VerdictBadge } from './badge.tsx'
import { Fact, Table } from './table.tsx'
import { span, Time } from './time.tsx'

/** A name for links within a page: `port-22`, or with its address when there are several. */
export const anchorOf = (port: { address: string; port: number }): string =>
  `port-${endpointKey(port).replace(/[^0-9A-Za-z]+/g, '-')}`

/** The mechanism, or at least its class. */
export const causeName = ({ class: name, mechanism }: Pick<Cause, 'class' | 'mechanism'>): string =>
  mechanism ? MECHANISM[mechanism] : CAUSE[name].name

/** How much of an endpoint’s share was tested, in words: of checks where some were planned, else of time. */
export function testedWords(port: PortVerdict, checks: ChecksOf): string {
  const own = checks[endpointKey(port)]
  return own
    ? `${own.done.toLocaleString('en')} of ${own.planned.toLocaleString('en')} planned checks done while it was reachable`
    : 'of the time it was watched; no checks were planned'
}

/** What a port’s final look saw; without one, why there is none. */
function recheckWords({ recheck, service }: PortVerdict, runs: boolean): string {
  if (recheck) return RECHECK[recheck]
  if (runs) return 'not yet'
  return RATIONED.includes(service) ? 'not looked at (its service counts touches)' : 'not looked at'
}

/** Every figure of one port. */
export const Numbers = ({ port, checks }: { port: PortVerdict; checks: ChecksOf }) => (
  <dl class="facts">
    <Fact name="Endpoint">
      <code>
        {endpointKey(port)}/{port.transport}
      </code>
    </Fact>
    {port.firstSeenOpenAt !== null && (
      <Fact name="First seen open">
        <Time at={port.firstSeenOpenAt} />
      </Fact>
    )}
    {port.lostAt !== null && (
      <Fact name="Lost">
        <Time at={port.lostAt} />
      </Fact>
    )}
    {port.fastAt !== null && (
      <Fact name="Likely">
        <Time at={port.fastAt} />
      </Fact>
    )}
    {port.confirmedAt !== null && (
      <Fact name="Confirmed">
        <Time at={port.confirmedAt} />
      </Fact>
    )}
    {port.recheck && <Fact name="Open port re-check">{RECHECK[port.recheck]}</Fact>}
    {port.recovery && (
      <Fact name="Recovery">
        {RECOVERY[port.recovery]}
        {port.recoveredBetween && (
          <>
            , between <Time at={port.recoveredBetween[0]} /> and <Time at={port.recoveredBetween[1]} />
          </>
        )}
      </Fact>
    )}
    <Fact name="Time proved reachable">{span(port.coverage.reachableSeconds * 1000)}</Fact>
    <Fact name="Time lost">{span(port.coverage.lostSeconds * 1000)}</Fact>
    <Fact name="Tested">
      <Tested port={port} checks={checks} />
    </Fact>
    <Fact name="E-value, log-likelihood ratio">
      {round(port.eValue)}, {round(port.llr)}
    </Fact>
    <Fact name="Connects from the alarm on">{port.connects}</Fact>
    {port.probes.length > 0 && (
      <Fact name="Carried by">
        <span class="break">{port.probes.join(', ')}</span>
      </Fact>
    )}
  </dl>
)

const round = (value: number): string => (Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3))

/** The share that was tested, as bar and number, and what it is a share of. */
const Tested = ({ port, checks }: { port: PortVerdict; checks: ChecksOf }) => (
  <>
    <Share share={port.coverage.share} label={`Tested of port ${port.port}`} />{' '}
    <span class="dim">{testedWords(port, checks)}</span>
  </>
)

export interface PortTableProps {
  ports: readonly PortVerdict[]
  /** those that have an explanation further up the page */
  detailed: ReadonlySet<PortVerdict>
  checks: ChecksOf
  /** the scan has not ended */
  runs: boolean
}

/** One line for each port. */
export const PortTable = ({ ports, detailed, checks, runs }: PortTableProps) => (
  <Table
    label="Ports"
    columns={['Port', 'Service', 'Verdict', 'Cause', 'Confidence', 'Re-check', 'Tested']}
    rows={ports.map((port) => [
      <>
        {detailed.has(port) ? <a href={`#${anchorOf(port)}`}>{port.port}</a> : port.port}{' '}
        <span class="dim">{port.address}</span>
      </>,
      spoken(port.service),
      <VerdictBadge verdict={port.verdict} strength={port.strength} />,
      port.cause ? causeName(port.cause) : '',
      port.cause ? percent(port.cause.confidence) : '',
      recheckWords(port, runs),
      <Tested port={port} checks={checks} />,
    ])}
  />
)
