import type { ProofVerdict } from '../../schema/words.ts'
import { listed } from '../core/text.ts'
import { Page } from './layout.tsx'
import { Badge } from './parts/badge.tsx'
import { CONTROL, Control } from './parts/control.tsx'
import { CopyButton, Taken } from './parts/copy.tsx'
import { Matrix } from './parts/matrix.tsx'
import { ProveForm, Stopped } from './parts/prove.tsx'
import { IssueList, ScanList } from './parts/rows.tsx'
import { Schedule } from './parts/schedule.tsx'
import { Strips } from './parts/strips.tsx'
import { Fact, Files } from './parts/table.tsx'
import { Ago, Time } from './parts/time.tsx'
import type { Frame, ProofLine, TargetView } from './views.ts'
import { FAILURE, type Tone } from './words.ts'

const LISTED = 8

export const TargetPage = ({ frame, target }: { frame: Frame; target: TargetView }) => {
  const isRunning = target.scans.some((scan) => scan.finishedAt === null) || target.verification.checking
  const isPressing = !['proved', 'not_needed'].includes(target.verification.state)
  return (
    <Page
      title={target.name ?? target.address}
      frame={frame}
      renewAfter={isRunning ? 5 : undefined}
      islands={['fresh.js']}
    >
      <p class="crumb">
        <a href="/targets">Targets</a>
      </p>
      <div class="head first">
        <h1>{target.name ?? target.address}</h1>
        <Actions target={target} frame={frame} />
      </div>
      <Facts target={target} now={frame.now} />
      {target.outdatedBy.length > 0 && <Outdated target={target} now={frame.now} />}
      {target.waf && <Shield waf={target.waf} />}
      {isPressing && <Control of={target.verification} frame={frame} />}
      <div id="state" data-fresh={isRunning ? '5' : '60'}>
        <section id="issues" aria-labelledby="issues-head">
          <h2 id="issues-head">Issues</h2>
          <IssueList issues={target.issues} now={frame.now} none="This target never had an issue." />
        </section>
        <section aria-labelledby="matrix">
          <h2 id="matrix">Ports, as each site last saw them</h2>
          <Matrix sites={target.sites} now={frame.now} />
          {target.sites.length > 0 && <Files path={`/targets/${target.id}/ports`} />}
        </section>
        <section aria-labelledby="strips">
          <h2 id="strips">Each port through the last scans</h2>
          <Strips
            strips={target.strips}
            scans={target.scans}
            portsSeen={target.portsSeen}
            portsTroubled={target.portsTroubled}
            newestWhole={target.newestWhole}
          />
          {target.strips.length > 0 && <Files path={`/targets/${target.id}/history`} />}
        </section>
        <section aria-labelledby="scans">
          <div class="head">
            <h2 id="scans">Scans</h2>
            {target.scans.length > LISTED && <a href={`/scans?target=${target.id}`}>All scans of it</a>}
          </div>
          <ScanList
            scans={target.scans.slice(0, LISTED)}
            now={frame.now}
            none="This target has not been scanned yet."
          />
        </section>
      </div>
      <Allowlist target={target} frame={frame} />
      {!isPressing && <Control of={target.verification} frame={frame} />}
      <StatusBadge target={target} frame={frame} />
    </Page>
  )
}

const Actions = ({ target, frame }: { target: TargetView; frame: Frame }) => {
  if (!frame.mayWrite) return <span class="dim">A key of scope write can scan and change it.</span>
  const { state } = target.verification
  const isBarred = state === 'unproved' || state === 'lapsed'
  return (
    <div class="actions">
      {isBarred ? (
        <a class="button main" href="#control">
          Prove control first
        </a>
      ) : frame.stopped ? (
        <Stopped />
      ) : (
        <form method="post" action="/api/v1/scans">
          <input type="hidden" name="targetId" value={target.id} />
          <button type="submit" class="main">
            Scan now
          </button>
        </form>
      )}
      <a class="button" href={`/targets/${target.id}/edit`}>
        Change
      </a>
    </div>
  )
}

const Facts = ({ target, now }: { target: TargetView; now: number }) => (
  <dl class="facts">
    <Fact name="Address">
      <code>{target.address}</code> <CopyButton text={target.address} label="Copy the address" />
    </Fact>
    <Fact name="Ports">
      <span class="break">{target.ports}</span>
    </Fact>
    <Fact name="Profile">{target.profile}</Fact>
    <Fact name="Schedule">
      <Schedule of={target} now={now} />
      {target.skipped > 0 && <span class="dim">; {target.skipped} fell out, because one ran and another waited</span>}
    </Fact>
    <Fact name="Rate limit">{target.maxConnectsPerSecond.toLocaleString('en')} connects per second</Fact>
    <Fact name="Highest rate without trouble">
      {target.highestCleanRate === null ? (
        <span class="dim">not known before a scan ends clear</span>
      ) : (
        `${target.highestCleanRate.toLocaleString('en')} connects per second`
      )}
    </Fact>
    <Fact name="Proof of control">{CONTROL[target.verification.state].text}</Fact>
    {target.tags.length > 0 && (
      <Fact name="Tags">
        {target.tags.map((tag, i) => (
          <>
            {i > 0 && ', '}
            <a href={`/targets?${new URLSearchParams({ tag })}`}>{tag}</a>
          </>
        ))}
      </Fact>
    )}
  </dl>
)

/** What stands in front of it, which is not to say that it blocks. */
const Shield = ({ waf }: { waf: NonNullable<TargetView['waf']> }) => (
  <section class="verdict info" aria-labelledby="shield">
    <h2 id="shield">Behind {waf.vendor}</h2>
    <p>
      A web firewall or content network answers for this target: the scan sees what it lets through. That it is there
      does not mean that it blocks; if it does, an issue says so.
    </p>
    <p class="dim break">Seen by: {listed(waf.evidence)}</p>
  </section>
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

const Allowlist = ({ target, frame }: { target: TargetView; frame: Frame }) => (
  <section id="allowlist" aria-labelledby="allowlist-head">
    <h2 id="allowlist-head">Allowlist</h2>
    <p>
      {target.provedAt === null ? (
        'It has not been proved that every address of ours gets through.'
      ) : (
        <>
          Every address got through <Time at={target.provedAt} />
          {isDoubted(target) ? ', but not in the newest proof.' : '.'}
        </>
      )}
    </p>
    {target.sites.length > 0 && <ProveForm targetId={target.id} frame={frame} />}
    {target.proofs.length > 0 && <ProofList proofs={target.proofs} now={frame.now} />}
  </section>
)

/** Proved once, and not when it was last looked. */
const isDoubted = ({ provedAt, proofs }: TargetView): boolean => {
  const newest = proofs.find(({ verdict }) => verdict !== null && verdict !== 'incomplete')
  return provedAt !== null && newest?.verdict === 'not_proved' && newest.createdAt > provedAt
}

const PROOF: Record<ProofVerdict, { tone: Tone; text: string }> = {
  proved: { tone: 'good', text: 'proved' },
  not_proved: { tone: 'bad', text: 'not proved' },
  incomplete: { tone: 'warn', text: 'incomplete' },
}

const ProofList = ({ proofs, now }: { proofs: readonly ProofLine[]; now: number }) => (
  <ul class="rows">
    {proofs.map(({ id, state, failure, verdict, statement, createdAt }) => {
      const word = verdict
        ? PROOF[verdict]
        : failure === 'stopped'
          ? { tone: 'mute' as const, text: 'stopped' }
          : { tone: state === 'failed' ? ('bad' as const) : ('info' as const), text: state }
      return (
        <li>
          <a class="row" href={`/proofs/${id}`}>
            <span class="what">Proof</span>
            <Badge tone={word.tone} text={word.text} />
            <span class="when">
              <Ago at={createdAt} now={now} />
            </span>
            <span class="say">{failure ? FAILURE[failure] : statement}</span>
          </a>
        </li>
      )
    })}
  </ul>
)

const StatusBadge = ({ target: { id, badgeUrl }, frame }: { target: TargetView; frame: Frame }) => {
  const path = `/api/v1/targets/${id}/badge`
  return (
    <section id="badge" aria-labelledby="badge-head">
      <h2 id="badge-head">Status badge</h2>
      {badgeUrl === null ? (
        <>
          <p class="measure">
            A small picture for a wiki or a dashboard: how the last whole scan ended, what share was tested, and the
            day. It names neither the target nor you. Whoever knows its address can see it, so it is off until you
            switch it on.
          </p>
          {frame.mayWrite ? (
            <form method="post" action={path}>
              <button type="submit">Switch the badge on</button>
            </form>
          ) : (
            <p class="dim">A key of scope write can switch it on.</p>
          )}
        </>
      ) : (
        <>
          <p>
            <img src={pathOf(badgeUrl)} alt="The badge as it is now" height="20" />
          </p>
          <Taken id="badge-markdown" text={`![scan](${badgeUrl})`} label="the badge as Markdown" />
          <p class="dim measure">
            Whoever knows this address sees the badge, without signing in. Switching it off makes the address good for
            nothing; on again, it gets a new one.
          </p>
          {frame.mayWrite && (
            <form method="post" action={`${path}?method=DELETE`}>
              <button type="submit">Switch the badge off</button>
            </form>
          )}
        </>
      )}
    </section>
  )
}

const pathOf = (url: string): string => url.replace(/^https?:\/\/[^/]+/, '')
