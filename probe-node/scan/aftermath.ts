import type { Profile } from '../../schema/words.ts'
import { rest } from '../clock.ts'
import type { Scan } from './context.ts'

/**
 * Defences that read logs ban seconds after the hit: fail2ban and sshguard look once a second or on each line, CrowdSec's
 * bouncers ask every 10 s (detection-science.md 4.5, E5). A re-check that follows the last stimulus at once says "still
 * open" of a port that is shut a moment later.
 */
export const AFTERMATH_MS: Partial<Record<Profile, number>> = { standard: 6_000, assertive: 12_000 }
const EVERY_MS = 2_500
const LOOK_MS = 100

/** After the last stimulus the open ports are watched a while longer, and closer. Ends early when none is left to watch. */
export async function aftermath(scan: Scan): Promise<void> {
  const { world, plan, endpoints, ended } = scan
  // A proof has repeated a sweep, too: what that provokes falls on all alike.
  const engaged = () => endpoints.all().filter(({ planned, phantom }) => (planned > 0 || plan.proof) && !phantom)
  const lastsMs = plan.proof ? plan.proof.watchMs : (AFTERMATH_MS[plan.profile] ?? 0)
  if (lastsMs === 0 || engaged().length === 0) return
  const from = world.clock.now()
  scan.watchEveryMs = EVERY_MS
  for (const known of endpoints.all()) known.nextWatchAt = Math.min(known.nextWatchAt, from + Math.random() * EVERY_MS)
  const isStanding = () => engaged().some(({ state }) => state === 'open' || state === 'doubted')
  while (!ended.aborted && isStanding() && world.clock.now() < from + lastsMs) await rest(LOOK_MS, ended)
}
