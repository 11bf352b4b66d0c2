/** What a probe is told when something is wrong and it wants to know what. */
import { parseAddress } from '../schema/address.ts'
import type { CheckAnswer, HelloAnswer, TokenState } from '../schema/checkup.ts'
import { VERSION } from '../schema/version.ts'
import { WIRE_VERSION } from '../schema/wire.ts'
import { standingOf } from './core/ranges/standing.ts'
import { notOurs } from './failure.ts'
import { sha256 } from './secrets.ts'
import { planBeacons } from './store/beacons.ts'
import { readAnyEnrolment } from './store/enrolments.ts'
import { readSigner, type Signer } from './store/probes.ts'
import { isStopped } from './store/settings.ts'
import type { World } from './world.ts'

export async function checkup({ db, now }: World, address: string, token: string | undefined): Promise<CheckAnswer> {
  const found = token === undefined ? null : await readAnyEnrolment(db, await sha256(token))
  const state: TokenState = !found
    ? 'unknown'
    : found.usedAt !== null
      ? 'used'
      : found.expiresAt <= now
        ? 'expired'
        : 'usable'
  return {
    now,
    version: VERSION,
    wire: WIRE_VERSION,
    address,
    token: token === undefined ? null : { state, sourceAddress: found?.sourceAddress ?? null },
  }
}

/** As things stand now: the guard may have remembered the probe for a moment. */
export async function hello({ db, now }: World, { id, sourceAddress }: Signer): Promise<HelloAnswer> {
  const address = parseAddress(sourceAddress)
  const probe = address && (await readSigner(db, id, address))
  if (!probe) throw notOurs()
  return {
    now,
    site: probe.site,
    standing: standingOf(probe.sourceAddress, probe.source, now),
    stopped: await isStopped(db),
    drained: probe.drainedAt !== null,
    beacons: await planBeacons(db),
  }
}
