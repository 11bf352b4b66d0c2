import { isPublic, parseAddress } from '../schema/address.ts'
import { rest } from './clock.ts'
import { type Pace, paceOf } from './sweep/pace.ts'

/** What this process sends at most, whatever a plan says. A Worker that lies, or was taken over, gets no more out of it. */
export interface OwnCeilings {
  /** connects a second to one address; null: the default for its kind */
  perAddress: number | null
  /** connects a second to all addresses of a kind together; null: the default */
  overall: number | null
  /** sockets that sweeps hold open at once; null: what the system has left */
  sockets: number | null
}

/** A second: of public addresses what single servers bear (detection-science.md 4.5), of our own what a machine can make. */
export const DEFAULT_OWN = {
  public: { perAddress: 2_000, overall: 4_000 },
  private: { perAddress: 200_000, overall: 200_000 },
} as const
export const NO_CEILINGS: OwnCeilings = { perAddress: null, overall: null, sockets: null }

/** A sweep's part of a ceiling; the rest is for touches, so that neither waits for the other. */
const SWEEP_SHARE = 0.9
const MOST_ADDRESSES = 10_000
const MOST_SCANS = 1_000
const ASK_AGAIN_MS = 100

export interface Brake {
  /** Resolves when one more connect to this address, for this scan, is within the ceilings; counts it. */
  turn(address: string, scanId: string): Promise<void>
  /** how many turns this scan has had */
  made(scanId: string): number
  /**
   * The rate that a sweep of this address may have: the wanted one, or what sweeps under way leave of the ceilings. Waits while
   * they leave nothing. Given back by `release`.
   */
  sweep(address: string, wanted: number, signal: AbortSignal): Promise<{ perSecond: number; release(): void }>
  /** of these, as many sockets as may be open at once */
  sockets(wanted: number): number
}

export function createBrake(own: OwnCeilings, now: () => number = () => performance.now()): Brake {
  const overall = new Map<string, Pace>()
  const byAddress = new Map<string, Pace>()
  const turns = new Map<string, number>()
  const sweeping = new Map<object, { address: string; kind: 'public' | 'private'; perSecond: number }>()

  const most = (address: string) => {
    const parsed = parseAddress(address)
    const kind = parsed && !isPublic(parsed) ? ('private' as const) : ('public' as const)
    const usual = DEFAULT_OWN[kind]
    return { kind, perAddress: own.perAddress ?? usual.perAddress, overall: own.overall ?? usual.overall }
  }
  const paceIn = (paces: Map<string, Pace>, key: string, perSecond: number): Pace => {
    const pace = paces.get(key) ?? paceOf(Math.max(1, perSecond * (1 - SWEEP_SHARE)), now())
    paces.delete(key) // the map is in order of last use
    paces.set(key, pace)
    if (paces.size > MOST_ADDRESSES) paces.delete(paces.keys().next().value as string)
    return pace
  }
  const left = (address: string): number => {
    const { kind, ...of } = most(address)
    const sum = (isMine: (one: { address: string; kind: string }) => boolean) =>
      [...sweeping.values()].filter(isMine).reduce((total, one) => total + one.perSecond, 0)
    return Math.min(
      of.perAddress * SWEEP_SHARE - sum((one) => one.address === address),
      of.overall * SWEEP_SHARE - sum((one) => one.kind === kind),
    )
  }

  return {
    made: (scanId) => turns.get(scanId) ?? 0,
    async turn(address, scanId) {
      turns.set(scanId, (turns.get(scanId) ?? 0) + 1)
      if (turns.size > MOST_SCANS) turns.delete(turns.keys().next().value as string)
      const { kind, ...of } = most(address)
      for (;;) {
        const paces = [paceIn(byAddress, address, of.perAddress), paceIn(overall, kind, of.overall)]
        const waitMs = Math.max(...paces.map((pace) => pace.waitMs(now())))
        if (waitMs <= 0) {
          for (const pace of paces) pace.take(now())
          return
        }
        await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitMs)))
      }
    },
    async sweep(address, wanted, signal) {
      // Less than a connect a second is no sweep.
      while (left(address) < Math.min(1, wanted) && !signal.aborted) await rest(ASK_AGAIN_MS, signal)
      const perSecond = Math.max(0.5, Math.min(wanted, left(address)))
      const mine = {}
      sweeping.set(mine, { address, kind: most(address).kind, perSecond })
      return { perSecond, release: () => void sweeping.delete(mine) }
    },
    sockets: (wanted) => Math.max(1, Math.min(wanted, own.sockets ?? wanted)),
  }
}
