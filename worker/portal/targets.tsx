import type { ProofVerdict } from '../../schema/words.ts'
import { Page } from './layout.tsx'
import { Badge, VerdictBadge } from './parts/badge.tsx'
import { ProveForm } from './parts/prove.tsx'
import { IssueList, ScanList } from './parts/rows.tsx'
import { Fact, Table } from './parts/table.tsx'
import { Ago, Time } from './parts/time.tsx'
import type { Frame, ProofLine, SiteView, TargetRow, TargetView } from './views.ts'
import type { Tone } from './words.ts'

export const TargetsPage = ({ frame, targets }: { frame: Frame; targets: readonly TargetRow[] }) => (
  <Page title="Targets" frame={frame}>
    <h1>Targets</h1>
    {targets.length === 0 ? (
      <p class="none">No target yet. The command “portwitness scan ADDRESS” makes one.</p>
    ) : (
      <Table
        label="Targets"
        columns={['Target', 'Ports', 'Profile', 'Schedule', 'Open issues', 'Last scan']}
        rows={targets.map((target) => [
          <>
            <a href={`/targets/${target.id}`}>{target.name ?? target.address}</a>{' '}
            {target.name && <span class="dim">{target.address}</span>}
          </>,
          <span class="cut">{target.ports}</span>,
          target.profile,
          target.schedule ? <code>{target.schedule}</code> : <span class="dim">when asked</span>,
          target.openIssues > 0 ? <Badge tone="bad" text={`${target.openIssues} open`} /> : '0',
          target.lastScanId && target.lastScannedAt !== null ? (
            <a href={`/scans/${target.lastScanId}`}>
              <Ago at={target.lastScannedAt} now={frame.now} />
            </a>
          ) : (
            <span class="dim">never</span>
          ),
        ])}
      />
    )}
  </Page>
)

export const TargetPage = ({ frame, target }: { frame: Frame; target: TargetView }) => (
  <Page
    title={target.name ?? target.address}
    frame={frame}
    renewAfter={target.scans.some((scan) => scan.finishedAt === null) ? 5 : undefined}
  >
    <p class="crumb">
      <a href="/targets">Targets</a>
    </p>
    <h1>{target.name ?? target.address}</h1>
    <dl class="facts">
      <Fact name="Address">
        <code>{target.address}</code>
      </Fact>
      <Fact name="Ports">
        <span class="break">{target.ports}</span>
      </Fact>
      <Fact name="Profile">{target.profile}</Fact>
      <Fact name="Schedule">{target.schedule ? `${target.schedule} (${target.timezone})` : 'only when asked'}</Fact>
      <Fact name="At most">{target.maxConnectsPerSecond} connects per second</Fact>
      {target.highestCleanRate !== null && (
        <Fact name="Highest rate without trouble">{target.highestCleanRate} connects per second</Fact>
      )}
      {target.waf && (
        <Fact name="Web firewall">
          {target.waf.vendor} <span class="dim">({target.waf.evidence.join('; ')})</span>
        </Fact>
      )}
      {target.tags.length > 0 && <Fact name="Tags">{target.tags.join(', ')}</Fact>}
    </dl>
    {target.outdatedBy.length > 0 && <Outdated target={target} now={frame.now} />}
    <section>
      <h2>Ports, as each site last knew them</h2>
      <Matrix sites={target.sites} now={frame.now} />
    </section>
    <section>
      <h2>Allowlist</h2>
      <p>
        {target.provedAt === null ? (
          'It has not been proved that every address of ours gets through.'
        ) : (
          <>
            Every address got through <Time at={target.provedAt} />.
          </>
        )}
      </p>
      {target.sites.length > 0 && <ProveForm targetId={target.id} mayWrite={frame.mayWrite} />}
      {target.proofs.length > 0 && <ProofList proofs={target.proofs} now={frame.now} />}
    </section>
    <div class="columns">
      <section>
        <h2>Scans</h2>
        <ScanList scans={target.scans} now={frame.now} none="This target has not been scanned yet." />
      </section>
      <section>
        <h2>Issues</h2>
        <IssueList issues={target.issues} now={frame.now} none="This target never had an issue." />
      </section>
    </div>
  </Page>
)

/** An allowlist that cannot know these: they were announced, or came into use, after it was last known to be whole. */
const Outdated = ({ target, now }: { target: TargetView; now: number }) => (
  <section class="verdict warn">
    <p>
      <Badge tone="warn" text="allowlist outdated" />
    </p>
    {target.outdatedBy.map(({ cidr, site, from }) => (
      <p>
        Your allowlist predates <code>{cidr}</code>: {site}{' '}
        {from > now ? 'will scan from there from' : 'scans from there since'} <Time at={from} />.
      </p>
    ))}
    <p class="dim">
      Allow it as you did <a href="/ranges">the others</a>, then prove it.
    </p>
  </section>
)

const PROOF: Record<ProofVerdict, { tone: Tone; text: string }> = {
  proved: { tone: 'good', text: 'proved' },
  not_proved: { tone: 'bad', text: 'not proved' },
  incomplete: { tone: 'warn', text: 'incomplete' },
}

const ProofList = ({ proofs, now }: { proofs: readonly ProofLine[]; now: number }) => (
  <ul class="rows">
    {proofs.map(({ id, state, verdict, statement, createdAt }) => {
      const word = verdict
        ? PROOF[verdict]
        : { tone: state === 'failed' ? ('bad' as const) : ('info' as const), text: state }
      return (
        <li>
          <a class="row" href={`/proofs/${id}`}>
            <span class="what">Proof</span>
            <Badge tone={word.tone} text={word.text} />
            <span class="when">
              <Ago at={createdAt} now={now} />
            </span>
            <span class="say">{statement}</span>
          </a>
        </li>
      )
    })}
  </ul>
)

/** Ports down, sites across: where one row has two words, somebody is treated differently. */
const Matrix = ({ sites, now }: { sites: readonly SiteView[]; now: number }) => {
  const rows = rowsOf(sites)
  if (rows.length === 0) return <p class="none">No open port is known yet.</p>
  const addresses = new Set(rows.map((row) => row.address))
  return (
    <Table
      label="Ports by site"
      columns={[
        'Port',
        'Service',
        ...sites.map((site) => ({ name: site.site, head: <SiteHead site={site} now={now} /> })),
      ]}
      rows={rows.map((row) => [
        <>
          {row.port} {addresses.size > 1 && <span class="dim">{row.address}</span>}
        </>,
        row.service,
        ...row.verdicts.map((verdict) =>
          verdict === null ? <span class="dim">not seen</span> : <VerdictBadge verdict={verdict} />,
        ),
      ])}
    />
  )
}

const SiteHead = ({ site, now }: { site: SiteView; now: number }) => (
  <>
    <a href={`/scans/${site.scanId}`}>{site.site}</a>{' '}
    <span class="dim">
      <Ago at={site.at} now={now} />
    </span>
  </>
)

export interface MatrixRow {
  address: string
  port: number
  service: string
  /** one for each site, in their order; null where the site does not know the port */
  verdicts: readonly (string | null)[]
}

export function rowsOf(sites: readonly SiteView[]): MatrixRow[] {
  const all = sites.flatMap((site) => site.ports)
  const keys = [...new Set(all.map((port) => `${port.address} ${port.port}`))]
  const rows = keys.map((key) => {
    const same = (port: SiteView['ports'][number]) => `${port.address} ${port.port}` === key
    const { address = '', port = 0, service = '' } = all.find(same) ?? {}
    return { address, port, service, verdicts: sites.map((site) => site.ports.find(same)?.verdict ?? null) }
  })
  return rows.sort((a, b) => a.port - b.port || a.address.localeCompare(b.address))
}
