/** Can the Worker be reached from the probe's address, and what does it see? */
import { CheckAnswer } from '../../../schema/checkup.ts'
import { read } from '../../../schema/read.ts'
import { SKEW_MS } from '../../../schema/signed.ts'
import { VERSION } from '../../../schema/version.ts'
import { WIRE_VERSION } from '../../../schema/wire.ts'
import { httpFor } from '../../http.ts'
import { type Posted, post } from '../../post.ts'
import { bad, type Finding, ok, skipped, warn } from './finding.ts'

const ANSWER_MS = 10_000
/** A clock this far off is not kept: most are within a tenth of it. */
const SLOPPY_MS = 5_000

export interface Asking {
  url: string
  /** null: whatever address the kernel chooses */
  sourceAddress: string | null
}

/** One POST of the probe's side. */
export async function asked(
  { url, sourceAddress }: Asking,
  path: string,
  body: string,
  headers: (path: string, body: string) => Record<string, string> = () => ({}),
): Promise<Posted> {
  const target = new URL(`probe/v1/${path}`, url.endsWith('/') ? url : `${url}/`)
  const agent = new (httpFor(target).Agent)({ keepAlive: false })
  return post({
    url: target,
    body,
    headers: headers(target.pathname, body),
    localAddress: sourceAddress,
    agent,
    timeoutMs: ANSWER_MS,
    signal: new AbortController().signal,
  })
}

export interface Door {
  findings: Finding[]
  answer: CheckAnswer | null
}

/** `since`: machine time when the request was sent, to hold the clocks against each other. */
export async function door(asking: Asking, token: string | null): Promise<Door> {
  const before = Date.now()
  const posted = await asked(asking, 'check', JSON.stringify(token === null ? {} : { token }))
  const after = Date.now()
  if ('code' in posted) return { findings: [unreachable(asking.url, posted.code)], answer: null }
  const told = read(CheckAnswer, posted.body)
  const clock = clockOf('value' in told ? told.value.now : posted.headers.dateMs, before, after)
  if (posted.status !== 200 || !('value' in told))
    return { findings: [notOurWorker(asking.url, posted.status), clock], answer: null }
  const answer = told.value
  return {
    findings: [
      ok('worker', `${asking.url} answers in ${Math.round(posted.roundTripMs)} ms`),
      clock,
      seenAddress(asking.sourceAddress, answer.address),
      versionOf(answer),
      ...tokenOf(answer.token, token, asking.sourceAddress),
    ],
    answer,
  }
}

const TLS = /CERT|TLS|SSL|SIGNED|ISSUER|ALTNAME|EPROTO/
const MEND: Record<string, string> = {
  ENOTFOUND: 'Its name has no address: correct --url, or the name server of this machine (/etc/resolv.conf).',
  EAI_AGAIN: 'The name server does not answer: look at /etc/resolv.conf and at the firewall (port 53).',
  ECONNREFUSED: 'Nothing listens there: correct --url, or start the Worker.',
  EADDRNOTAVAIL: 'The source address is not on this machine: see the check "address".',
  TIMEOUT: 'No answer in 10 s: look at the firewall of this machine and of its provider (outgoing 443).',
}

function unreachable(url: string, code: string): Finding {
  const mend = TLS.test(code)
    ? 'Its certificate is not trusted: correct the name in --url, the clock of this machine, or its CA store (NODE_EXTRA_CA_CERTS).'
    : (MEND[code] ?? 'Look at the route and the firewall between this machine and the Worker.')
  return bad(TLS.test(code) ? 'tls' : 'worker', `${url} cannot be reached from here (${code}).`, mend)
}

const notOurWorker = (url: string, status: number): Finding =>
  status === 503
    ? bad(
        'worker',
        `${url} is busy, or its database does not answer (503).`,
        'Try again; then look at the Worker’s own health: portwitness doctor --url U --key K.',
      )
    : bad(
        'worker',
        `What answers at ${url} is no Worker of this version (status ${status}).`,
        'Correct --url; let no login page (such as Cloudflare Access) stand before /probe/v1; upgrade the Worker first, then its probes.',
      )

/** The Worker's time lies between the two; only what exceeds the time on the way is skew. */
function clockOf(now: number | null, before: number, after: number): Finding {
  if (now === null) return skipped('clock', 'the answer held no time')
  const offMs = now < before - 1_000 ? before - now : now > after + 1_000 ? now - after : 0
  const text = `This machine's clock is ${Math.round(offMs / 1_000)} s ${now < before ? 'ahead of' : 'behind'} the Worker's`
  const mend = 'Keep time with NTP: timedatectl set-ntp true (systemd-timesyncd or chrony).'
  if (offMs > SKEW_MS / 2) return bad('clock', `${text}: logs and certificates will not agree.`, mend)
  return offMs > SLOPPY_MS ? warn('clock', `${text}.`, mend) : ok('clock', 'keeps the Worker’s time')
}

function seenAddress(source: string | null, seen: string): Finding {
  if (source === null) return skipped('nat', 'no --source-address was given')
  if (seen === source) return ok('nat', `the Worker sees ${seen}`)
  return bad(
    'nat',
    `The Worker sees ${seen || 'no address'} where the probe has ${source}.`,
    'Something between translates addresses, or a proxy stands before the Worker. A probe must be seen with its own public address: enrol it with that one on a machine that has it, or remove the translation.',
  )
}

function versionOf({ version, wire }: CheckAnswer): Finding {
  if (wire !== WIRE_VERSION)
    return bad(
      'version',
      `The Worker speaks version ${wire} of the protocol, this probe version ${WIRE_VERSION}.`,
      'Upgrade the older of the two (portwitness-upgrade).',
    )
  return isOlder(VERSION, version)
    ? warn('version', `This is ${VERSION}, the Worker is ${version}.`, 'Upgrade the probe: portwitness-upgrade FILE.')
    : ok('version', VERSION)
}

export function isOlder(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0))
  const at = [0, 1, 2].find((i) => (a?.[i] ?? 0) !== (b?.[i] ?? 0))
  return at !== undefined && (a?.[at] ?? 0) < (b?.[at] ?? 0)
}

const TOKEN_MEND = 'Get a new one with portwitness enrol: it is good once, and for 15 minutes.'
function tokenOf(told: CheckAnswer['token'], token: string | null, source: string | null): Finding[] {
  if (token === null || told === null) return []
  if (told.state === 'usable' && source !== null && told.sourceAddress !== source)
    return [
      bad(
        'token',
        `The token is for ${told.sourceAddress}, not for ${source}.`,
        `Enrol ${source}, or start the probe with --source-address ${told.sourceAddress}.`,
      ),
    ]
  return [
    told.state === 'usable'
      ? ok('token', 'is good for one enrolment')
      : bad('token', `The token is ${told.state}.`, TOKEN_MEND),
  ]
}
