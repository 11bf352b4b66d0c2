/** What the scans of an issue lost, and what they were: an issue may have thousands of them, most of them alike. */
import { sql } from 'drizzle-orm'
import type { Profile } from '../../schema/words.ts'
import type { Db } from './db.ts'

export interface Loss {
  address: string
  port: number
  /** the scan that lost it last */
  scanId: string
}

/** One way in which a scan of the issue was made: who it came from, and what it did. */
export interface Losing {
  /** the last whole scan of this kind: of a retest, the one whose gaps it fills */
  scanId: string
  sourceAddress: string
  site: string
  profile: Profile
  ports: string
  maxConnectsPerSecond: number
}

const MOST = 1_000

/** Every endpoint that was lost since the issue was opened, the latest loss first. */
export const lossesOf = (db: Db, tenantId: string, issueId: string): Promise<Loss[]> =>
  db.all<Loss>(sql`SELECT address, port, scan_id AS scanId, max(seen_at) AS at FROM occurrences
    WHERE tenant_id = ${tenantId} AND issue_id = ${issueId}
    GROUP BY address, port ORDER BY at DESC, address, port LIMIT ${MOST}`)

/** The scans that lost something, those that are alike as one, the latest first. */
export const losingOf = (db: Db, tenantId: string, issueId: string): Promise<Losing[]> =>
  db.all<Losing>(sql`SELECT whole.id AS scanId, whole.profile AS profile, whole.ports AS ports,
      whole.max_connects_per_second AS maxConnectsPerSecond,
      member.value ->> '$.sourceAddress' AS sourceAddress, member.value ->> '$.site' AS site, max(scan.created_at) AS at
    FROM scans scan
    JOIN json_each(scan.panel) member ON member.value ->> '$.role' = 'scanner'
    JOIN scans whole ON whole.tenant_id = scan.tenant_id AND whole.id = coalesce(scan.fills, scan.id)
    WHERE scan.tenant_id = ${tenantId}
      AND scan.id IN (SELECT scan_id FROM occurrences WHERE tenant_id = ${tenantId} AND issue_id = ${issueId})
    GROUP BY 2, 3, 4, 5, 6 ORDER BY at DESC LIMIT ${MOST}`)
