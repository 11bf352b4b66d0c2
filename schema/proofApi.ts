/** Bodies and answers of the public API about proofs and proof tokens. */
import * as v from 'valibot'
import { maybeTime, time } from './api.ts'
import { listOf, siteName, whole } from './shapes.ts'
import { CELL_WORDS, PROFILES, PROOF_STATES, PROOF_VERDICTS, SERVICES, SIGHTS, SOURCE_STATES } from './words.ts'

export const ProveBody = v.strictObject({
  /** those of the target, or all, unless said */
  sites: v.optional(v.pipe(listOf(siteName, 20), v.minLength(1))),
  /** repeat the harmless stimulus that was interfered with: the owner of the target allows it */
  stimulus: v.optional(v.boolean()),
})
export const RotateBody = v.strictObject({
  /** from now until the new token is used: time to allow it beside the old one */
  overlapSeconds: v.optional(whole(0, 90 * 86_400)),
})

export const ProofAnswer = v.object({
  id: v.string(),
  targetId: v.string(),
  address: v.string(),
  state: v.picklist(PROOF_STATES),
  failure: v.nullable(v.object({ code: v.string(), detail: v.string() })),
  verdict: v.nullable(v.picklist(PROOF_VERDICTS)),
  statement: v.string(),
  createdAt: time,
  startedAt: maybeTime,
  finishedAt: maybeTime,
  sites: v.array(v.string()),
  /** null when endpoints were only touched */
  stimulus: v.nullable(
    v.object({
      profile: v.picklist(PROFILES),
      portsAsked: v.number(),
      portsRepeated: v.number(),
      maxConnectsPerSecond: v.number(),
      scanId: v.nullable(v.string()),
    }),
  ),
  endpoints: v.array(
    v.object({ address: v.string(), port: v.number(), service: v.picklist(SERVICES), lost: v.boolean() }),
  ),
  /** known endpoints beyond the most that one proof takes */
  endpointsLeftOut: v.number(),
  sources: v.array(
    v.object({
      probeId: v.string(),
      site: v.string(),
      sourceAddress: v.string(),
      state: v.picklist(SOURCE_STATES),
      verdict: v.nullable(v.picklist(PROOF_VERDICTS)),
      swept: v.object({ asked: v.number(), tested: v.number() }),
      cells: v.array(
        v.object({
          address: v.string(),
          port: v.number(),
          service: v.picklist(SERVICES),
          word: v.picklist(CELL_WORDS),
          sight: v.nullable(v.picklist(SIGHTS)),
          code: v.nullable(v.string()),
          at: maybeTime,
          stimuli: v.object({ planned: v.number(), done: v.number() }),
        }),
      ),
    }),
  ),
  /** what still fails, in words */
  failing: v.array(v.string()),
  issueIds: v.array(v.string()),
  closedIssueIds: v.array(v.string()),
  output: v.nullable(v.object({ bytes: v.number(), href: v.string() })),
})
export type ProofAnswer = v.InferOutput<typeof ProofAnswer>
const Token = v.object({ token: v.string(), usedFrom: time })
/** `next` is there from a rotation until it is used. */
export const ProofTokenAnswer = v.object({ header: v.string(), ...Token.entries, next: v.nullable(Token) })
export type ProofTokenAnswer = v.InferOutput<typeof ProofTokenAnswer>
