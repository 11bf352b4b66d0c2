import { isPublic, parseAddress } from '../../schema/address.ts'
import type { EnrolmentAnswer } from '../../schema/api.ts'
import { FleetTabs } from './fleet.tsx'
import { Page } from './layout.tsx'
import { Taken } from './parts/copy.tsx'
import { CheckField, TextField } from './parts/field.tsx'
import { Form } from './parts/form.tsx'
import { Fact } from './parts/table.tsx'
import { Ago, Time } from './parts/time.tsx'
import type { Frame } from './views.ts'

export const EnrolPage = ({ frame, sites }: { frame: Frame; sites: readonly string[] }) => (
  <Page title="Enrol a probe" frame={frame}>
    <h1>Enrol a probe</h1>
    <FleetTabs />
    <p class="lead measure">
      A token is good for one probe, at one address, within fifteen minutes. The next page shows it once, with the
      commands for the machine.
    </p>
    {frame.mayAdmin ? (
      <section class="card">
        <Form id="enrolment" action="/api/v1/probes/enrolments">
          <TextField
            id="sourceAddress"
            label="Source address"
            placeholder="203.0.113.7 or 2001:db8::7"
            maxlength={45}
            required
            hint="The fixed address from which the probe asks and scans. Requests from any other are refused."
          />
          <TextField
            id="site"
            label="Site"
            placeholder="fra-1"
            maxlength={64}
            pattern="[a-z0-9][a-z0-9\-]*"
            required
            hint={
              <>
                Probes of one provider and prefix share a site, and are each other’s sibling.
                {sites.length > 0 && ` There are: ${sites.join(', ')}.`}
              </>
            }
          />
          <TextField
            id="country"
            label="Country"
            placeholder="DE"
            maxlength={2}
            pattern="[A-Za-z]{2}"
            hint="Two letters. Tells geography from other lists."
          />
          <TextField id="provider" label="Provider" placeholder="Hetzner" maxlength={100} />
          <TextField id="asn" label="Autonomous system" type="number" placeholder="24940" min={1} max={4294967295} />
          <CheckField
            id="rangeActive"
            label="Use its range at once"
            hint="Without 30 days of notice: for a first fleet, or where allowlists have the address already. Private addresses never wait."
          />
          <div class="actions">
            <button type="submit" class="main">
              Make a token
            </button>
          </div>
        </Form>
      </section>
    ) : (
      <p class="none">A key of scope admin is needed to enrol probes.</p>
    )}
  </Page>
)

export interface Enrolled {
  frame: Frame
  enrolment: EnrolmentAnswer
  /** where the Worker is reached from outside */
  base: string
}

/** Shown once: the token is stored as a hash. */
export const EnrolledPage = ({ frame, enrolment, base }: Enrolled) => {
  const { token, site, sourceAddress, expiresAt, range } = enrolment
  const name = nameFor(site, sourceAddress)
  return (
    <Page title="A token for a probe" frame={frame}>
      <p class="crumb">
        <a href="/fleet">Fleet</a>
      </p>
      <h1>A token for {sourceAddress}</h1>
      <section class="verdict info" aria-label="The token">
        <p>
          <strong>It is shown this once.</strong> It is good for one probe at this address, and ends{' '}
          <Ago at={Date.parse(expiresAt)} now={frame.now} />.
        </p>
        <Taken id="token" text={token} label="the token" />
      </section>
      <dl class="facts">
        <Fact name="Site">{site}</Fact>
        <Fact name="Source address">
          <code>{sourceAddress}</code>
        </Fact>
        <Fact name="Range">
          <code>{range.cidr}</code>, {range.state}
          {range.state === 'announced' && (
            <>
              : it scans from <Time at={Date.parse(range.activeFrom)} /> on
            </>
          )}
        </Fact>
      </dl>
      <section aria-labelledby="one-file">
        <h2 id="one-file">By hand</h2>
        <p class="measure">
          Take <code>dist/probe/portwitness-probe.mjs</code> (from <code>npm run build:probe</code>) to the machine; it
          needs Node 20.16 or newer and nothing else.
        </p>
        <Taken id="by-hand" text={byHand(enrolment, base)} label="the command" />
      </section>
      <section aria-labelledby="systemd">
        <h2 id="systemd">As a systemd service</h2>
        <p class="measure">
          With the bundle in <code>/opt/portwitness/current</code> and the unit of <code>packaging/systemd</code> in{' '}
          <code>/etc/systemd/system</code>, as root. The token leaves the machine again once the probe is there.
        </p>
        <Taken id="by-systemd" text={bySystemd(enrolment, base, name)} label="the commands" />
      </section>
      <section aria-labelledby="cloud-init">
        <h2 id="cloud-init">As a new machine</h2>
        <p class="measure">
          In a clone of the repository: user-data that installs all of it. Start the machine within the fifteen minutes.
        </p>
        <Taken id="by-cloud-init" text={byCloudInit(enrolment, base, name)} label="the commands" />
      </section>
      <p>
        <a class="button" href="/fleet">
          Watch for it in the fleet
        </a>{' '}
        <a class="button" href="/fleet/enrol">
          Enrol another
        </a>
      </p>
    </Page>
  )
}

/** Of the unit: `fra17`; at most 20 letters and digits, as cloud-init's maker and systemd take them. */
const nameFor = (site: string, sourceAddress: string): string => {
  const last = sourceAddress.split(/[.:]/).findLast((part) => part !== '') ?? ''
  return `${site.replaceAll('-', '').slice(0, 20 - last.length)}${last}`
}
/** Of private addresses a probe must be told to touch such, too. */
const privately = (sourceAddress: string): boolean => {
  const address = parseAddress(sourceAddress)
  return address !== null && !isPublic(address)
}

const byHand = ({ token, sourceAddress }: EnrolmentAnswer, base: string): string =>
  [
    'node portwitness-probe.mjs probe \\',
    `  --url ${base} \\`,
    `  --token ${token} \\`,
    `  --source-address ${sourceAddress} \\`,
    `  --data ./portwitness-probe${privately(sourceAddress) ? ' --allow-private' : ''}`,
    '',
  ].join('\n')

const bySystemd = ({ token, sourceAddress }: EnrolmentAnswer, base: string, name: string): string =>
  [
    'mkdir -p /etc/portwitness',
    `umask 077; cat > /etc/portwitness/${name}.env <<'END'`,
    `PORTWITNESS_URL=${base}`,
    `SOURCE_ADDRESS=${sourceAddress}`,
    'METRICS_PORT=9431',
    `PORTWITNESS_TOKEN=${token}`,
    `PROBE_OPTIONS=${privately(sourceAddress) ? '--allow-private' : ''}`,
    'END',
    `systemctl daemon-reload && systemctl enable --now portwitness-probe@${name}`,
    `sed -i '/^PORTWITNESS_TOKEN=/d' /etc/portwitness/${name}.env   # once it is online`,
    '',
  ].join('\n')

const byCloudInit = ({ token, sourceAddress }: EnrolmentAnswer, base: string, name: string): string =>
  [
    'npm run --silent build:probe',
    `npm run --silent build:cloud-init -- --url ${base} \\`,
    '  --bundle-url https://files.example.com/portwitness-probe.mjs \\',
    "  --sha256 $(cut -d' ' -f1 dist/probe/portwitness-probe.mjs.sha256) \\",
    `  --probe ${name},${sourceAddress},${token}${privately(sourceAddress) ? ' --allow-private' : ''} > user-data.yaml`,
    '',
  ].join('\n')
