/** How much may be sent, whatever targets ask for: connects a second and a day. The operator's; each has a default. */
import * as v from 'valibot'
import { whole } from './shapes.ts'

export const CEILING_SCOPES = ['target', 'network', 'tenant', 'fleet'] as const
export type CeilingScope = (typeof CEILING_SCOPES)[number]
export interface Ceiling {
  /** connects a second, of all scans under way together */
  perSecond: number
  /** connects in any 24 h; null: as many as there are */
  perDay: number | null
}
export type Ceilings = Readonly<Record<'public' | 'private', Readonly<Record<CeilingScope, Ceiling>>>>

/**
 * `target` is one address, whichever targets and tenants name it; `network` its /24 or /48. A whole 65,535-port scan is about
 * 200,000 connects: an address may be scanned wholly once an hour, a network four times that. 2,000 a second is what most
 * single servers bear (detection-science.md 4.5). Our own networks are bounded by what the machines can do.
 */
export const DEFAULT_CEILINGS: Ceilings = {
  public: {
    target: { perSecond: 2_000, perDay: 5_000_000 },
    network: { perSecond: 4_000, perDay: 20_000_000 },
    tenant: { perSecond: 20_000, perDay: 200_000_000 },
    fleet: { perSecond: 100_000, perDay: 1_000_000_000 },
  },
  private: {
    target: { perSecond: 200_000, perDay: null },
    network: { perSecond: 800_000, perDay: null },
    tenant: { perSecond: 2_000_000, perDay: null },
    fleet: { perSecond: 4_000_000, perDay: null },
  },
}

const CeilingChange = v.strictObject({
  perSecond: v.optional(whole(1, 10_000_000)),
  perDay: v.nullish(whole(1, 1_000_000_000_000)),
})
const space = v.optional(
  v.strictObject({
    target: v.optional(CeilingChange),
    network: v.optional(CeilingChange),
    tenant: v.optional(CeilingChange),
    fleet: v.optional(CeilingChange),
  }),
)
/** What is left out stays at its default. */
export const CeilingsBody = v.strictObject({ public: space, private: space })
export type CeilingsBody = v.InferOutput<typeof CeilingsBody>

const CeilingAnswer = v.object({ perSecond: v.number(), perDay: v.nullable(v.number()) })
const SpaceAnswer = v.object({
  target: CeilingAnswer,
  network: CeilingAnswer,
  tenant: CeilingAnswer,
  fleet: CeilingAnswer,
})
export const CeilingsAnswer = v.object({ public: SpaceAnswer, private: SpaceAnswer })
export type CeilingsAnswer = v.InferOutput<typeof CeilingsAnswer>

/** The defaults with what the operator set. */
export function ceilingsWith(change: CeilingsBody): Ceilings {
  const of = (name: 'public' | 'private') =>
    Object.fromEntries(
      CEILING_SCOPES.map((scope) => {
        const [usual, set] = [DEFAULT_CEILINGS[name][scope], change[name]?.[scope] ?? {}]
        const perDay = set.perDay === undefined ? usual.perDay : set.perDay
        return [scope, { perSecond: set.perSecond ?? usual.perSecond, perDay }]
      }),
    ) as Record<CeilingScope, Ceiling>
  return { public: of('public'), private: of('private') }
}
