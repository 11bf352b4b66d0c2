import { DEFENCES } from '../../schema/formats.ts'
import type { CheckAnswer } from '../../schema/ranges.ts'
import { adviceOf, type Change, titleOf } from '../core/ranges/feeds.ts'
import { day } from '../core/ranges/life.ts'
import { count } from '../core/text.ts'
import { LISTS, nameOf } from './formats.ts'
import { Page } from './layout.tsx'
import { Badge } from './parts/badge.tsx'
import { CopyButton, Taken } from './parts/copy.tsx'
import { Table } from './parts/table.tsx'
import { Time, utc } from './parts/time.tsx'
import type { Frame, RangeRow } from './views.ts'
import { PURPOSE, RANGE } from './words.ts'

/** An address that was asked for: what we say of it, or what is wrong with it. */
export type Asked = { address: string } & ({ answer: CheckAnswer } | { error: string })

export interface Ranges {
  frame: Frame | null
  /** where we are reached from outside, without a slash at the end */
  base: string
  version: string
  changedAt: number | null
  /** name of the key that signs the list; null when it goes out unsigned */
  keyId: string | null
  ranges: readonly RangeRow[]
  /** newest first */
  changes: readonly Change[]
  asked: Asked | null
}

export const RangesPage = (page: Ranges) => (
  <Page title="Our addresses" frame={page.frame}>
    <h1>The addresses we scan from</h1>
    <p class="lead measure">
      Let these through before you rely on a scan. An announced range is not used before its day; a retiring one may
      leave your list after the day given.
    </p>
    <Summary {...page} />
    <Check asked={page.asked} />
    <List ranges={page.ranges} />
    <Forms />
    <div class="columns">
      <Follow changes={page.changes} />
      <Verify base={page.base} keyId={page.keyId} />
    </div>
  </Page>
)

const Summary = ({ ranges, version, changedAt, keyId }: Ranges) => {
  const networks = (family: 4 | 6) => ranges.filter(({ cidr }) => cidr.includes(':') === (family === 6)).length
  return (
    <dl class="strip">
      <div>
        <dt>Networks</dt>
        <dd>
          {networks(4)} IPv4, {networks(6)} IPv6
        </dd>
      </div>
      <div>
        <dt>Version</dt>
        <dd>{changedAt === null ? 'none yet' : version}</dd>
      </div>
      <div>
        <dt>Last change</dt>
        <dd>{changedAt === null ? 'none yet' : <Time at={changedAt} />}</dd>
      </div>
      <div>
        <dt>Signature</dt>
        <dd>{keyId === null ? <Badge tone="warn" text="unsigned" /> : <Badge tone="good" text="Ed25519" />}</dd>
      </div>
    </dl>
  )
}

const Check = ({ asked }: { asked: Asked | null }) => (
  <section class="card" aria-labelledby="check">
    <h2 id="check">Is an address one of ours?</h2>
    <form class="ask" method="get" action="/ranges">
      <label for="address">An address from your logs</label>
      <input
        id="address"
        name="address"
        value={asked?.address ?? ''}
        placeholder="203.0.113.7 or 2001:db8::7"
        maxlength={64}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        required
      />
      <button type="submit" class="main">
        Check
      </button>
    </form>
    {asked && (
      <p class={`answer ${toneOf(asked)}`} role="status">
        {'error' in asked ? asked.error : asked.answer.detail}
      </p>
    )}
  </section>
)

function toneOf(asked: Asked): string {
  if ('error' in asked) return 'bad'
  if (!asked.answer.ours) return 'mute'
  return asked.answer.range?.status === 'announced' ? 'info' : 'good'
}

const List = ({ ranges }: { ranges: readonly RangeRow[] }) => (
  <section aria-labelledby="list">
    <div class="head">
      <h2 id="list">{ranges.length === 0 ? 'Ranges' : count(ranges.length, 'range')}</h2>
      {ranges.length > 0 && <CopyButton of="all" name="Copy all" label="Copy all ranges" />}
    </div>
    {ranges.length === 0 ? (
      <p class="none">No public range is published. Private ranges never appear here.</p>
    ) : (
      <>
        <Table
          label="Ranges"
          columns={['Range', 'State', 'Site', 'Network', 'Purpose', 'Used from', 'Remove after']}
          rows={ranges.map((range) => [
            <span class="take">
              <code>{range.cidr}</code> <CopyButton text={range.cidr} label={`Copy ${range.cidr}`} />
            </span>,
            <Badge tone={RANGE[range.state]} text={range.state} />,
            <span class="whole">{range.site}</span>,
            [range.provider, range.country].filter((word) => word !== null).join(', '),
            PURPOSE[range.purpose],
            <Day at={range.activeFrom} />,
            range.retireAfter === null ? '' : <Day at={range.retireAfter} />,
          ])}
        />
        <details>
          <summary>All of them as plain text</summary>
          <Taken id="all" text={ranges.map(({ cidr }) => `${cidr}\n`).join('')} label="all ranges" />
        </details>
      </>
    )}
  </section>
)

/** In an allowlist a day is enough; the exact time is there for machines, and on pointing at it. */
const Day = ({ at }: { at: number }) => (
  <time datetime={new Date(at).toISOString()} title={utc(at)} data-utc={utc(at)}>
    {day(at)}
  </time>
)

const Forms = () => (
  <section aria-labelledby="forms">
    <h2 id="forms">For your allowlist</h2>
    <div class="groups">
      {DEFENCES.map(({ name, formats }) => (
        <div>
          <h3>{name}</h3>
          <ul class="chips">
            {formats.map((format) => (
              <li>
                <a href={`/ip-ranges/${format}`}>{nameOf(format)}</a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </div>
    <h2>For machines</h2>
    <ul class="tiles">
      {LISTS.map(({ href, name, say }) => (
        <li>
          <a href={href}>
            <strong>{name}</strong>
            <span class="dim">{say}</span>
            <code>{href}</code>
          </a>
        </li>
      ))}
    </ul>
  </section>
)

const Follow = ({ changes }: { changes: readonly Change[] }) => (
  <section aria-labelledby="changes">
    <h2 id="changes">What has changed</h2>
    {changes.length === 0 ? (
      <p class="none">Nothing has changed yet.</p>
    ) : (
      <ol class="log">
        {changes.map((change) => (
          <li>
            <p>
              <a href={`/ip-ranges/versions/${change.serial}.json`}>Version {change.serial}</a>{' '}
              <span class="dim">
                <Time at={change.at} />
              </span>
            </p>
            <p class="break">
              {titleOf(change)}. {adviceOf(change)}
            </p>
          </li>
        ))}
      </ol>
    )}
    <p>
      Follow as <a href="/ip-ranges.atom">Atom</a> or <a href="/ip-ranges.feed.json">JSON Feed</a>, or read{' '}
      <a href="/ip-ranges/versions">every version</a>. A list that you fetch by its ETag costs nothing while it is the
      same.
    </p>
  </section>
)

const Verify = ({ base, keyId }: { base: string; keyId: string | null }) => (
  <section aria-labelledby="verify">
    <h2 id="verify">Check the signature</h2>
    {keyId === null ? (
      <p class="none">This list is unsigned: whoever runs this service has set no signing key.</p>
    ) : (
      <>
        <p>
          The JSON list is signed with Ed25519. Key <code>{keyId}</code>, as <a href="/ip-ranges.pem">PEM</a> and{' '}
          <a href="/ip-ranges.keys.json">JWK</a>: fetch it once, and keep it.
        </p>
        <Taken id="commands" text={commandsFor(base)} label="the commands" />
      </>
    )}
    <p>
      Who we are, and whom to write to: <a href="/.well-known/probing.txt">probing.txt</a> (RFC 9511).
    </p>
  </section>
)

const commandsFor = (base: string): string =>
  [
    ...['ip-ranges.pem', 'ip-ranges.json', 'ip-ranges.json.sig'].map((name) => `curl -sO ${base}/${name}`),
    'openssl pkeyutl -verify -pubin -inkey ip-ranges.pem -rawin \\',
    '  -in ip-ranges.json -sigfile ip-ranges.json.sig',
    '',
  ].join('\n')
