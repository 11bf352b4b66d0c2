/**
 * What Cloudflare asks for on the paid Workers plan, in US dollars a month: copies of its documentation, read in November 2026
 * (pages as named; see the research notes on the platform, sections 1.1 to 1.4). Check them before publishing a figure.
 */
export interface Price {
  /** of so many units */
  perMillion: number
  /** units that the plan includes each month */
  included: number
  source: string
}

export const PLAN = { monthly: 5, source: 'developers.cloudflare.com/workers/platform/pricing' } as const

export const PRICES = {
  requests: { perMillion: 0.3, included: 10e6, source: PLAN.source },
  cpuMs: { perMillion: 0.02, included: 30e6, source: PLAN.source },
  rowsWritten: { perMillion: 1, included: 50e6, source: 'developers.cloudflare.com/d1/platform/pricing' },
  rowsRead: { perMillion: 0.001, included: 25e9, source: 'developers.cloudflare.com/d1/platform/pricing' },
  bucketWrites: { perMillion: 4.5, included: 1e6, source: 'developers.cloudflare.com/r2/pricing (class A)' },
  bucketReads: { perMillion: 0.36, included: 10e6, source: 'developers.cloudflare.com/r2/pricing (class B)' },
  objectRequests: {
    perMillion: 0.15,
    included: 1e6,
    source: 'developers.cloudflare.com/durable-objects/platform/pricing',
  },
  objectGbSeconds: {
    perMillion: 12.5,
    included: 400_000,
    source: 'developers.cloudflare.com/durable-objects/platform/pricing',
  },
} as const satisfies Record<string, Price>
export type Metered = keyof typeof PRICES

/** Dollars for each GB and month. */
export const STORAGE = {
  database: { perGb: 0.75, included: 5, source: 'developers.cloudflare.com/d1/platform/pricing' },
  bucket: { perGb: 0.015, included: 10, source: 'developers.cloudflare.com/r2/pricing' },
} as const
/** What one D1 may hold, in GB (developers.cloudflare.com/d1/platform/limits). */
export const DATABASE_MOST_GB = 10
/** Memory that a Durable Object is billed for, in GB, while it does not hibernate. */
export const OBJECT_GB = 0.128
/** Incoming WebSocket messages count as one request each twenty. */
export const MESSAGES_PER_REQUEST = 20
