/** Proof tokens are made of a tenant's secret, not stored: for the tenant as a whole, and for each target. */

import { PROOF_HEADER } from '../schema/botauth.ts'
import type { ProofTokenAnswer } from '../schema/proofApi.ts'
import { hex, luck, mac } from './secrets.ts'
import { type ProofSecret, readSecrets, rotate, tokensWanted } from './store/proofTokens.ts'
import type { World } from './world.ts'

const SECRET_BYTES = 32
/** Time to allow a new token beside the old one. */
const OVERLAP_MS = 7 * 86_400_000

const freshSecret = (): string => hex(luck(SECRET_BYTES))

/** `pwp_` and 160 bits. A host that is shown one target's token learns nothing of another's. */
const tokenOf = async (
  { secret, tenantId }: Pick<ProofSecret, 'secret' | 'tenantId'>,
  targetId: string | null,
): Promise<string> => `pwp_${(await mac(secret, JSON.stringify([tenantId, targetId]))).slice(0, 40)}`

/** The token in use, of the tenant or of one target, and the one that follows it. */
export async function readTokens(world: World, tenantId: string, targetId: string | null): Promise<ProofTokenAnswer> {
  const { current, next } = await readSecrets(world.db, tenantId, world.now, freshSecret)
  const said = async (one: ProofSecret) => ({
    token: await tokenOf(one, targetId),
    usedFrom: new Date(one.usedFrom).toISOString(),
  })
  return { header: PROOF_HEADER, ...(await said(current)), next: next && (await said(next)) }
}

/** Makes the tokens that follow. The old ones are carried until then. */
export async function rotateTokens(world: World, tenantId: string, overlapMs = OVERLAP_MS): Promise<ProofTokenAnswer> {
  // The first is there before anything follows it.
  await readSecrets(world.db, tenantId, world.now, freshSecret)
  await rotate(world.db, tenantId, freshSecret(), world.now + overlapMs, world.now)
  return readTokens(world, tenantId, null)
}

/** What these runs are to carry, by scan. Tenants that never asked for a token have none. */
export async function tokensFor(
  { db, now }: World,
  runs: readonly { tenantId: string; scanId: string }[],
): Promise<Map<string, string>> {
  const wanted = await tokensWanted(db, runs, now)
  const tokens = await Promise.all(
    [...wanted].map(
      async ([scanId, { targetId, proofHeader, ...of }]): Promise<[string, string][]> =>
        proofHeader === 'none' ? [] : [[scanId, await tokenOf(of, proofHeader === 'target' ? targetId : null)]],
    ),
  )
  return new Map(tokens.flat())
}
