/** The ceilings of what is sent, as a scan meets them. */
import type { Ceilings } from '../schema/ceilings.ts'
import type { RunFacts } from '../schema/facts.ts'
import type { RunKind } from '../schema/words.ts'
import { number } from './core/text.ts'
import { Failure } from './failure.ts'
import { type Broken, readBroken } from './store/ceilings.ts'
import type { Snapshot } from './store/facts.ts'
import type { Closing } from './store/runs.ts'
import type { Scan } from './store/scans.ts'
import type { World } from './world.ts'

/** Connects of a scan besides those of its ports: looks, rounds, engagement. */
const BESIDES = 2_000
/** Silent ports are tried twice, and some again after a loss. */
const PASSES = 3

/** While another scanner works each open port is touched every 5 s, and all together no faster than this (probe-node/scan/watch.ts). */
const WATCHED_EVERY_S = 5
const MOST_WATCHED_PER_S = 20

type Planned = Pick<Scan, 'portsAsked' | 'addresses' | 'only' | 'panel' | 'proof' | 'accompanySeconds'>

/** What is set aside for a scan when it begins: as many connects as it could make. Those of a proof are made from each address. */
export function reserveFor({ proof, panel, portsAsked, addresses, accompanySeconds }: Planned): number {
  const endpoints = portsAsked * Math.max(1, addresses.length)
  const watched = (accompanySeconds ?? 0) * Math.min(MOST_WATCHED_PER_S, endpoints / WATCHED_EVERY_S)
  return (proof ? panel.length : 1) * (PASSES * endpoints + BESIDES + Math.ceil(watched))
}

/** No scan is faster than one alone may be: else it could never begin. */
export function boundedRate(scan: Pick<Scan, 'maxConnectsPerSecond' | 'isPublic'>, ceilings: Ceilings): number {
  const of = ceilings[scan.isPublic === 1 ? 'public' : 'private']
  return Math.min(scan.maxConnectsPerSecond, ...Object.values(of).map(({ perSecond }) => perSecond))
}

/** Throws the Failure that says which ceiling this scan, with its panel, would break. */
export async function mustBeWithin(
  { db, now }: Pick<World, 'db' | 'now'>,
  scan: Scan,
  ceilings: Ceilings,
): Promise<void> {
  const broken = await readBroken(db, scan, ceilings, now)
  if (broken) throw new Failure('ceiling_reached', sentence(broken, scan))
}

/** Somebody else's scan began between the look and the write. */
export const justTaken = (): Failure =>
  new Failure('ceiling_reached', 'Another scan has just taken what was left of a ceiling.')

const WHO = {
  target: (what: string) => `${what}`,
  network: (what: string) => `network ${what}`,
  tenant: () => 'this tenant',
  fleet: () => 'the fleet',
}

function sentence({ scope, what, unit, used, most }: Broken, scan: Scan): string {
  const who = WHO[scope](what)
  return unit === 'second'
    ? `Scans under way against ${scope === 'target' || scope === 'network' ? who : `targets of ${who}`} use ${number(used)} of ${number(most)} connects a second; this one needs ${number(scan.maxConnectsPerSecond)}.`
    : `${number(used)} of ${number(most)} connects a day are used or set aside for ${who}; this scan may need ${number(scan.connects)}.`
}

/**
 * What a scan made of what was set aside. A probe's own count is believed as far as it is not below the facts that it told; a
 * run that ended without a word may have made all of it, one that was never leased none.
 */
export function spentOf({ scan, runs, facts }: Snapshot): number {
  const isCarrier = ({ kind }: { kind: RunKind }) => kind === 'scan' || kind === 'prove'
  const carriers = runs.filter(isCarrier)
  const share = Math.ceil(scan.connects / Math.max(1, carriers.length))
  const toldBy = (those: readonly RunFacts[]) => those.reduce((sum, run) => sum + run.observations.length, 0)
  const made = carriers.reduce((sum, run) => {
    const { connects } = (run.closing ?? {}) as Partial<Closing>
    // What an earlier lease made is known to nobody.
    const least = run.epoch > 1 ? share : 0
    return sum + Math.max(least, connects ?? (run.epoch === 0 ? 0 : share))
  }, 0)
  // Those who only look count nothing themselves: what they told is what they made.
  return Math.max(made, toldBy(facts.runs.filter(isCarrier))) + toldBy(facts.runs.filter((run) => !isCarrier(run)))
}
