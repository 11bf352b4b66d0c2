import { FINDINGS } from '../../schema/words.ts'
import { attentionOf, type Line } from './attention.ts'
import { Page } from './layout.tsx'
import { sitesOf } from './map/places.ts'
import type { Matter, ProbeHealth, ScanMark } from './overview-views.ts'
import { Badge } from './parts/badge.tsx'
import { SiteMap } from './parts/map.tsx'
import { ScanList } from './parts/rows.tsx'
import { Shares } from './parts/shares.tsx'
import { type Frame, MOST_COUNTED } from './views.ts'
import type { Tone } from './words.ts'

export interface Overview {
  frame: Frame
  /** newest first, those that are drawn; the first few are listed too */
  scans: readonly ScanMark[]
  /** scans that run or wait, those too that are not drawn; counted no further than MOST_COUNTED */
  running: number
  /** issues that are snoozed; counted no further than MOST_COUNTED */
  snoozed: number
  matters: readonly Matter[]
  probes: readonly ProbeHealth[]
}

const LISTED = 10
const WORD: Record<Tone, string> = { bad: 'urgent', warn: 'to do', good: 'well', info: 'note', mute: 'more' }

const upToMost = (n: number): string => (n < MOST_COUNTED ? String(n) : `${MOST_COUNTED - 1}+`)

/** Of each finding one matter carries how many there are. */
const openIssues = (matters: readonly Matter[]): number =>
  FINDINGS.map((finding) => matters.find(({ kind }) => kind === finding)?.total ?? 0).reduce((sum, n) => sum + n, 0)

export const OverviewPage = ({ frame, scans, running, snoozed, matters, probes }: Overview) => {
  const lines = attentionOf({ frame, matters, probes })
  const sites = sitesOf(probes)
  const isRunning = running > 0
  const whole = scans.filter(({ retestOf }) => retestOf === null)
  return (
    <Page title="Overview" frame={frame} renewAfter={isRunning ? 5 : undefined} islands={['fresh.js']}>
      <h1>Overview</h1>
      <div id="now" data-fresh={isRunning ? '5' : '30'}>
        <section aria-labelledby="attention">
          <h2 id="attention">What needs attention</h2>
          {lines.length === 0 ? <AllWell scans={scans} snoozed={snoozed} /> : <Lines lines={lines} />}
          {snoozed > 0 && <Snoozed issues={snoozed} />}
        </section>
        <dl class="strip">
          <div>
            <dt>Open issues</dt>
            <dd>{openIssues(matters)}</dd>
          </div>
          <div>
            <dt>Scans under way</dt>
            <dd>{upToMost(running)}</dd>
          </div>
          <div>
            <dt>Probes fit</dt>
            <dd>
              {probes.filter(({ state }) => state === 'fit').length} <span class="dim">of {probes.length}</span>
            </dd>
          </div>
          <div>
            <dt>Sites at work</dt>
            <dd>
              {sites.filter(({ health }) => health !== 'out').length} <span class="dim">of {sites.length}</span>
            </dd>
          </div>
        </dl>
        <div class="columns">
          <section aria-labelledby="tested">
            <h2 id="tested">Share of each scan really tested</h2>
            {whole.length === 0 ? (
              <p class="none">No scan has been made yet. Each one will be a mark here.</p>
            ) : (
              <Shares scans={whole} now={frame.now} />
            )}
            {whole.length < scans.length && (
              <p class="dim">Retests have no mark: each looks again at what its scan lost.</p>
            )}
          </section>
          <section aria-labelledby="sites">
            <h2 id="sites">Sites</h2>
            {probes.length === 0 ? <p class="none">No probe is enrolled yet.</p> : <SiteMap probes={probes} />}
          </section>
        </div>
        <section aria-labelledby="latest">
          <div class="head">
            <h2 id="latest">Latest scans</h2>
            {scans.length > 0 && <a href="/scans">All scans</a>}
          </div>
          {scans.length === 0 ? (
            <First frame={frame} />
          ) : (
            <ScanList scans={scans.slice(0, LISTED)} now={frame.now} none="" />
          )}
        </section>
      </div>
    </Page>
  )
}

const Lines = ({ lines }: { lines: readonly Line[] }) => (
  <ul class="rows attention">
    {lines.map(({ tone, text, advice, href }) => (
      <li>
        <a class="row" href={href}>
          <Badge tone={tone} text={WORD[tone]} />
          <span class="what">
            <strong>{text}</strong> <span class="dim">{advice}</span>
          </span>
        </a>
      </li>
    ))}
  </ul>
)

/** They are out of sight, not out of the way. */
const Snoozed = ({ issues }: { issues: number }) => (
  <p class="dim">
    <a href="/issues?state=snoozed">{issues === 1 ? '1 issue is' : `${upToMost(issues)} issues are`} snoozed</a>: nobody
    is told of {issues === 1 ? 'it until it wakes' : 'them until they wake'}.
  </p>
)

/** Said by a person, not by a light. */
const AllWell = ({ scans, snoozed }: { scans: readonly ScanMark[]; snoozed: number }) => {
  const [last] = scans.filter((scan) => scan.state === 'finished')
  if (snoozed > 0)
    return (
      <p class="well">
        <Badge tone="info" text="nothing new" /> Besides what is snoozed nothing is known to stand in the way of your
        scans, and the fleet is fit.
      </p>
    )
  return (
    <p class="well">
      <Badge tone="good" text="all is well" />{' '}
      {last
        ? 'Nothing is known to stand in the way of your scans, and the fleet is fit.'
        : 'Nothing is amiss. There is only no scan yet that could say more.'}
    </p>
  )
}

/** For those who have just begun. */
const First = ({ frame }: { frame: Frame }) => (
  <div class="none">
    <p>No scan yet.</p>
    {frame.mayWrite ? (
      <p>
        <a href="/targets/new">Add a target</a>, or run <code>portwitness scan ADDRESS</code>: its first scan stands
        here a moment later.
      </p>
    ) : (
      <p>A key of scope write can add a target and scan it.</p>
    )}
  </div>
)
