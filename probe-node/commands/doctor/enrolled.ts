/** The key of a probe, and what the Worker says to it. */
import { connect } from 'node:net'
import { join } from 'node:path'
import { HelloAnswer } from '../../../schema/checkup.ts'
import { read } from '../../../schema/read.ts'
import type { Beacon } from '../../../schema/wire.ts'
import { createClock } from '../../clock.ts'
import { type Identity, readIdentity } from '../../identity.ts'
import { signatureHeaders } from '../../signature.ts'
import { type Asking, asked } from './door.ts'
import { bad, type Finding, ok, skipped, warn } from './finding.ts'

const BEACON_MS = 5_000

export async function keyFile(folder: string): Promise<{ finding: Finding; identity: Identity | null }> {
  const path = join(folder, 'probe.json')
  try {
    const found = await readIdentity(folder)
    if (!found)
      return {
        finding: skipped('key', `${folder} holds no key yet: the first start with a token makes it`),
        identity: null,
      }
    const { identity, mode } = found
    if ((mode & 0o077) !== 0)
      return {
        finding: bad(
          'key',
          `${path} can be read by others (mode ${mode.toString(8)}).`,
          `chmod 600 ${path}; if others had an account here, revoke this probe and enrol it anew.`,
        ),
        identity,
      }
    if (identity.probeId === null)
      return {
        finding: warn(
          'key',
          `${path} holds a key that is not enrolled yet.`,
          'Start the probe with a token of portwitness enrol.',
        ),
        identity: null,
      }
    return { finding: ok('key', `${path}, of ${identity.probeId}`), identity }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const finding = code
      ? bad(
          'key',
          `${path} cannot be read (${code}).`,
          'Run as the user that runs the probe, or as root; give the file back to that user.',
        )
      : bad(
          'key',
          `${path} holds no key any more: it is damaged.`,
          'Revoke the probe, remove the file and enrol it anew.',
        )
    return { finding, identity: null }
  }
}

/** `now`: the Worker's, so that a clock that is off is not told twice. */
export async function hello(asking: Asking, identity: Identity, now: number): Promise<Finding[]> {
  const clock = createClock()
  clock.learn(now, 0)
  const posted = await asked(asking, 'hello', '{}', (path, body) =>
    signatureHeaders(identity, clock, 'POST', path, body),
  )
  if ('code' in posted) return [bad('enrolment', `The Worker did not answer (${posted.code}).`, 'Try again.')]
  const told = read(HelloAnswer, posted.body)
  if (posted.status !== 200 || !('value' in told))
    return [
      bad(
        'enrolment',
        `The Worker does not know ${identity.probeId} at this address (${posted.status}).`,
        'It was revoked, replaced by another at the same address, or asks from another address (see "nat"). Remove its folder and enrol it anew.',
      ),
    ]
  const { site, standing, stopped, drained, beacons } = told.value
  return [
    ok('enrolment', `${identity.probeId} of site ${site}`),
    standing.scans
      ? ok('range', standing.detail)
      : bad(
          'range',
          standing.detail,
          'See portwitness ranges: announce the range, wait for its day, or activate it where allowlists have it already.',
        ),
    stopped
      ? bad(
          'stopped',
          'All scanning is stopped by the kill switch.',
          'Lift it when you may: portwitness stop-all --resume.',
        )
      : ok('stopped', 'the kill switch is off'),
    ...(drained
      ? [
          bad(
            'drained',
            'This probe is drained: it is given no new work.',
            `Take it up again: PATCH /api/v1/probes/${identity.probeId} {"drained": false}.`,
          ),
        ]
      : []),
    await egress(beacons, asking.sourceAddress),
  ]
}

/** Port 25 is what providers filter: a beacon on it tells a filter of ours from one of the target's. */
export async function egress(beacons: readonly Beacon[], sourceAddress: string | null): Promise<Finding> {
  if (!beacons.some(({ port }) => port === 25))
    return skipped(
      'egress',
      'no beacon listens on port 25, so whether this network lets it out cannot be told (portwitness beacon)',
    )
  const tried = await Promise.all(
    beacons.map(async (beacon) => ({ ...beacon, isOpen: await reaches(beacon, sourceAddress) })),
  )
  const shut = tried.filter(({ isOpen }) => !isOpen)
  const named = shut.map(({ address, port }) => `${address} port ${port}`).join(', ')
  if (shut.length === 0) return ok('egress', `${tried.length} beacons reached, port 25 too`)
  if (shut.length === tried.length)
    return bad(
      'egress',
      `No beacon was reached: ${named}.`,
      'Are they running? Else the way out of this machine is filtered.',
    )
  return bad(
    'egress',
    `Not reached: ${named}, while other beacons were.`,
    'The provider of this machine filters these ports on the way out: ask for port 25 to be opened, or scan mail servers from other sites alone.',
  )
}

const reaches = ({ address, port }: Beacon, sourceAddress: string | null): Promise<boolean> =>
  new Promise((resolve) => {
    const isSameFamily = sourceAddress !== null && sourceAddress.includes(':') === address.includes(':')
    const socket = connect({ host: address, port, ...(isSameFamily ? { localAddress: sourceAddress } : {}) })
    const end = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.setTimeout(BEACON_MS, () => end(false))
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
