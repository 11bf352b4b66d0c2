import { type FleetProbe, networkOf, PROBE_STATE, ProbeBadge, RangeOfProbe } from './fleet-rows.tsx'
import { Page } from './layout.tsx'
import { AskFirst, Post } from './parts/ask-first.tsx'
import { Taken } from './parts/copy.tsx'
import { Fact } from './parts/table.tsx'
import { Ago, Time } from './parts/time.tsx'
import type { Frame } from './views.ts'

const RENEW_S = 60

export const ProbePage = ({ frame, probe }: { frame: Frame; probe: FleetProbe }) => (
  <Page title={`Probe at ${probe.site}`} frame={frame} renewAfter={RENEW_S} islands={['fresh.js']}>
    <p class="crumb">
      <a href="/fleet">Fleet</a>
    </p>
    <h1>
      {probe.site} <span class="dim">{probe.sourceAddress}</span>
    </h1>
    <div id="probe" data-fresh={String(RENEW_S)}>
      <section class={`verdict ${PROBE_STATE[probe.state].tone}`} aria-label="State">
        <ProbeBadge state={probe.state} />
        <p>{PROBE_STATE[probe.state].sentence}</p>
        {probe.why !== '' && <p class="break">{probe.why}</p>}
      </section>
      <dl class="facts">
        <Fact name="Probe">
          <code>{probe.id}</code>
        </Fact>
        <Fact name="Network">{networkOf(probe) || 'not said'}</Fact>
        <Fact name="Version">{probe.agent}</Fact>
        <Fact name="Range">
          <RangeOfProbe range={probe.range} />
          {probe.range?.state === 'announced' && (
            <>
              {' '}
              used from <Time at={probe.range.activeFrom} />
            </>
          )}
        </Fact>
        <Fact name="Last seen">
          <Ago at={probe.seenAt} now={frame.now} />
        </Fact>
        <Fact name="Enrolled">
          <Time at={probe.enrolledAt} />
        </Fact>
        <Fact name="Disagreement with other probes">
          {probe.disagreement.toFixed(1)} <span class="dim">points; at 3 it is quarantined</span>
        </Fact>
        <Fact name="Private addresses">{probe.allowPrivate ? 'allowed' : 'refused'}</Fact>
        {probe.drainedAt !== null && (
          <Fact name="Drained">
            <Time at={probe.drainedAt} />
          </Fact>
        )}
        {probe.quarantinedAt !== null && (
          <Fact name="Quarantined">
            <Time at={probe.quarantinedAt} />
          </Fact>
        )}
      </dl>
      {probe.upgradeTo !== null && (
        <section aria-labelledby="upgrade">
          <h2 id="upgrade">Upgrade to {probe.upgradeTo}</h2>
          <p>
            Make the bundle of this version with <code>npm run build:probe</code>, take it to the machine, and run there
            as root:
          </p>
          <Taken id="upgrade-command" text="portwitness-upgrade portwitness-probe.mjs" label="the command" />
          <p class="dim">
            If the Worker does not answer the new version within a minute, the former one is taken up again.
          </p>
        </section>
      )}
      {frame.mayAdmin ? <Deeds probe={probe} /> : <p class="dim">A key of scope admin can drain and revoke it.</p>}
    </div>
  </Page>
)

const Deeds = ({ probe: { id, site, drainedAt, quarantinedAt } }: { probe: FleetProbe }) => {
  const change = `/api/v1/probes/${id}?method=PATCH`
  return (
    <section aria-labelledby="deeds">
      <h2 id="deeds">Change</h2>
      <div class="deeds">
        {drainedAt === null ? (
          <AskFirst name="Drain…" action={change} button="Drain it">
            <input type="hidden" name="drained" value="yes" />
            It goes on with what it has and gets nothing new, so that you can take the machine down.
          </AskFirst>
        ) : (
          <Post action={change} name="Give it work again" fields={{ drained: 'no' }} kind="main" />
        )}
        {quarantinedAt === null ? (
          <AskFirst name="Quarantine…" action={change} button="Quarantine it">
            <input type="hidden" name="quarantined" value="yes" />
            It gets no work, and verdicts of the last 30 days that rest on it are judged again without it.
          </AskFirst>
        ) : (
          <AskFirst name="Believe it again…" action={change} button="Believe it again">
            <input type="hidden" name="quarantined" value="no" />
            It begins with a clean slate. Find out first why it disagreed with the others.
          </AskFirst>
        )}
        <AskFirst name="Revoke…" action={`/api/v1/probes/${id}?method=DELETE`} button={`Revoke the probe at ${site}`}>
          Its key ends now and cannot be given back: the machine has to enrol again with a new token.
        </AskFirst>
      </div>
    </section>
  )
}
