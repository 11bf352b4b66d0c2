import { Page } from './layout.tsx'
import { Badge } from './parts/badge.tsx'
import { IssueList, ScanList } from './parts/rows.tsx'
import { Table } from './parts/table.tsx'
import { Ago } from './parts/time.tsx'
import type { Frame, IssueRow, ProbeRow, ScanRow } from './views.ts'

export interface Overview {
  frame: Frame
  scans: readonly ScanRow[]
  issues: readonly IssueRow[]
  probes: readonly ProbeRow[]
}

export const OverviewPage = ({ frame, scans, issues, probes }: Overview) => {
  const online = probes.filter((probe) => probe.online).length
  const sites = new Set(probes.filter((probe) => probe.online).map((probe) => probe.site)).size
  return (
    <Page title="Overview" frame={frame} renewAfter={scans.some((scan) => scan.finishedAt === null) ? 5 : undefined}>
      <h1>Overview</h1>
      <dl class="figures">
        <div>
          <dt>Open issues</dt>
          <dd>{issues.length}</dd>
        </div>
        <div>
          <dt>Probes online</dt>
          <dd>
            {online} <span class="dim">of {probes.length}</span>
          </dd>
        </div>
        <div>
          <dt>Sites that can witness</dt>
          <dd>{sites}</dd>
        </div>
      </dl>
      <div class="columns">
        <section>
          <h2>Latest scans</h2>
          <ScanList scans={scans} now={frame.now} none="No scan yet. Start one with: portwitness scan ADDRESS" />
        </section>
        <div>
          <section>
            <h2>Open issues</h2>
            <IssueList issues={issues} now={frame.now} none="No open issue." />
          </section>
          <section>
            <h2>Probes</h2>
            <ProbeTable probes={probes} now={frame.now} />
          </section>
        </div>
      </div>
    </Page>
  )
}

const ProbeTable = ({ probes, now }: { probes: readonly ProbeRow[]; now: number }) =>
  probes.length === 0 ? (
    <p class="none">No probe yet. Enrol one with: portwitness enrol</p>
  ) : (
    <Table
      label="Probes"
      columns={['Site', 'Address', 'State', 'Last seen']}
      rows={probes.map((probe) => [
        <>
          {probe.site}{' '}
          <span class="dim">{[probe.provider, probe.country].filter((word) => word !== null).join(', ')}</span>
        </>,
        <code>{probe.sourceAddress}</code>,
        <ProbeState probe={probe} />,
        <Ago at={probe.seenAt} now={now} />,
      ])}
    />
  )

const ProbeState = ({ probe }: { probe: ProbeRow }) => {
  if (!probe.online) return <Badge tone="bad" text="offline" />
  if (probe.fit === false)
    return <Badge tone="warn" text={`not fit: ${probe.reasons.join('; ') || 'no reason given'}`} />
  return <Badge tone="good" text={probe.fit ? 'fit' : 'online'} />
}
