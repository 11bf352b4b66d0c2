/** A month on Cloudflare, from what one scan was measured to take. */
import { printTable } from '../table.ts'
import { DATABASE_MOST_GB, MESSAGES_PER_REQUEST, type Metered, OBJECT_GB, PLAN, PRICES, STORAGE } from './prices.ts'

/** Of one scan, all its probes together. */
export interface PerScan {
  requests: number
  cpuMs: number
  rowsRead: number
  rowsWritten: number
  databaseBytes: number
  bucketBytes: number
}

const DAYS = 30
const MINUTES = DAYS * 24 * 60
const PINGS_A_MINUTE = 60 / 25
/** The log of a run, and the output of its scan. */
const PUTS = 2
/** Probes that a daily scan of so many targets takes (research notes on the platform, section 5). */
const FLEETS = [
  { targets: 1, probes: 5 },
  { targets: 1_000, probes: 5 },
  { targets: 100_000, probes: 50 },
] as const

export function printCosts(per: PerScan): void {
  const rows = FLEETS.map(({ targets, probes }) => {
    const scans = targets * DAYS
    // A probe with nothing to do asks once a minute; cron ticks once a minute.
    const idle = probes * MINUTES + MINUTES
    const requests = scans * per.requests + idle
    const units: Record<Metered, number> = {
      requests,
      cpuMs: requests * (per.cpuMs / per.requests),
      rowsWritten: scans * per.rowsWritten,
      // An idle lease and a tick read a handful of rows.
      rowsRead: scans * per.rowsRead + idle * 10,
      bucketWrites: scans * PUTS,
      bucketReads: scans,
      // One for each message at most: a ring, or how far a scan is.
      objectRequests: scans * per.requests + (probes * MINUTES * PINGS_A_MINUTE) / MESSAGES_PER_REQUEST,
      // At worst it never sleeps.
      objectGbSeconds: OBJECT_GB * MINUTES * 60,
    }
    const metered = (Object.keys(PRICES) as Metered[]).map((name) => {
      const { perMillion, included } = PRICES[name]
      return (Math.max(0, units[name] - included) / 1e6) * perMillion
    })
    const databaseGb = (scans * per.databaseBytes) / 1e9
    const bucketGb = (scans * per.bucketBytes) / 1e9
    const stored =
      Math.max(0, databaseGb - STORAGE.database.included) * STORAGE.database.perGb +
      Math.max(0, bucketGb - STORAGE.bucket.included) * STORAGE.bucket.perGb
    const total = PLAN.monthly + stored + metered.reduce((sum, one) => sum + one, 0)
    return [
      targets,
      `${(units.requests / 1e6).toFixed(2)} M`,
      `${(units.cpuMs / 1e6).toFixed(2)} M`,
      `${(units.rowsWritten / 1e6).toFixed(2)} M`,
      `${(units.rowsRead / 1e6).toFixed(1)} M`,
      `${databaseGb.toFixed(2)} (${Math.max(1, Math.ceil(databaseGb / DATABASE_MOST_GB))} D1)`,
      bucketGb.toFixed(2),
      `$${total.toFixed(2)}`,
    ]
  })
  console.log('\na month of daily scans, 30 days kept (prices and their sources: test/bench/fleet/prices.ts)')
  printTable(['targets', 'requests', 'CPU ms', 'rows written', 'rows read', 'D1 GB', 'R2 GB', 'a month'], rows)
}
