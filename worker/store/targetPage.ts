/** All that stands around one target, in one query: lists of several nouns, each a column of JSON. */
import { sql } from 'drizzle-orm'
import type { FailureWord, Finding, IssueState, ProofVerdict, ScanState } from '../../schema/words.ts'
import type { Control } from './controls.ts'
import { type Db, rows } from './db.ts'
import type { Letter } from './letters.ts'

const ISSUES = 10
const PROOFS = 6
/** Scans of which each port has a cell. */
export const STRIP_SCANS = 20
/** Ports that have a strip: those with the most trouble first. */
export const STRIP_PORTS = 24

export interface IssueLine {
  id: string
  finding: Finding
  state: IssueState
  title: string
  openedAt: number
  restatedAt: number
  answeredAt: number | null
  closedAt: number | null
}
export interface ProofRow {
  /** of the row that carries it */
  id: string
  state: ScanState
  failureCode: FailureWord | null
  verdict: ProofVerdict | null
  statement: string | null
  createdAt: number
}
/** What the newest scans said of one port. */
export interface Strip {
  address: string
  port: number
  service: string
  /** scan → verdict */
  cells: Readonly<Record<string, string>>
}
export interface Around {
  issues: IssueLine[]
  proofs: ProofRow[]
  /** of its addresses, and of their domains */
  controls: Control[]
  letters: Pick<Letter, 'cidr' | 'signedAt' | 'expiresAt'>[]
  isLooking: boolean
  strips: Strip[]
  /** ports that the newest scans saw, with those that have no strip */
  portsSeen: number
  /** those of them that had trouble */
  portsTroubled: number
  /** the newest of the scans that looked at the target as a whole, of its own ports if there is one */
  newestWhole: string | null
  /** what the scans asked for that the sites saw last; a scan that is no longer kept, or left ports untested, is not there */
  asked: { id: string; ports: string; addresses: string[] }[]
}

type Columns = Record<keyof Around, string | number | null>

export async function readAround(
  db: Db,
  tenantId: string,
  targetId: string,
  { addresses, ports, lastScans }: { addresses: readonly string[]; ports: string; lastScans: readonly string[] },
  now: number,
): Promise<Around> {
  const mine = sql`tenant_id = ${tenantId} AND target_id = ${targetId}`
  const subjects = sql`SELECT value FROM json_each(${rows(addresses)})`
  // Each judgement is taken apart once: what it says of a port is three short words.
  const found = await db.get<Columns>(sql`WITH recent AS (
      SELECT id, judgement, state, "only", ports, created_at FROM scans WHERE ${mine} AND proof IS NULL AND control IS NULL AND finished_at IS NOT NULL
      ORDER BY created_at DESC LIMIT ${STRIP_SCANS}),
    seen AS MATERIALIZED (SELECT recent.id AS scan, port.value ->> '$.address' AS address, port.value ->> '$.port' AS port,
      port.value ->> '$.service' AS service, port.value ->> '$.verdict' AS verdict
      FROM recent, json_each(recent.judgement, '$.ports') port),
    strip AS (SELECT address, port, max(service) AS service, json_group_object(scan, verdict) AS cells,
      sum(verdict NOT IN ('open', 'transient', 'phantom')) AS trouble FROM seen GROUP BY address, port)
    SELECT
      (SELECT json_group_array(json_object('id', id, 'finding', finding, 'state', state, 'title', title, 'openedAt', opened_at,
        'restatedAt', restated_at, 'answeredAt', answered_at, 'closedAt', closed_at))
        FROM (SELECT * FROM issues INDEXED BY issues_of_target WHERE ${mine} ORDER BY closed_at IS NOT NULL, restated_at DESC LIMIT ${ISSUES})) AS issues,
      (SELECT json_group_array(json_object('id', id, 'state', state, 'failureCode', failure_code,
        'verdict', proof_result ->> '$.verdict', 'statement', proof_result ->> '$.statement', 'createdAt', created_at))
        FROM (SELECT * FROM scans WHERE ${mine} AND proof IS NOT NULL ORDER BY created_at DESC LIMIT ${PROOFS})) AS proofs,
      (SELECT json_group_array(json_object('tenantId', tenant_id, 'subject', subject, 'token', token, 'method', method, 'port', port,
        'domain', domain, 'targetId', target_id, 'createdAt', created_at, 'askedAt', asked_at, 'checkedAt', checked_at,
        'provedAt', proved_at, 'expiresAt', expires_at, 'nextAt', next_at, 'problem', json(problem)))
        FROM controls WHERE tenant_id = ${tenantId} AND (subject IN (${subjects}) OR subject IN
          (SELECT domain FROM controls own WHERE own.tenant_id = ${tenantId} AND own.subject IN (${subjects})))) AS controls,
      (SELECT json_group_array(json_object('cidr', cidr, 'signedAt', signed_at, 'expiresAt', expires_at)) FROM (SELECT * FROM letters
        WHERE tenant_id = ${tenantId} AND revoked_at IS NULL AND expires_at > ${now} ORDER BY expires_at DESC LIMIT 1000)) AS letters,
      EXISTS (SELECT 1 FROM scans INDEXED BY scans_one_running WHERE ${mine} AND control IS NOT NULL AND finished_at IS NULL) AS isLooking,
      (SELECT json_group_array(json_object('address', address, 'port', port, 'service', service, 'cells', json(cells)))
        FROM (SELECT * FROM strip ORDER BY trouble DESC, port, address LIMIT ${STRIP_PORTS})) AS strips,
      (SELECT count(*) FROM strip) AS portsSeen,
      (SELECT count(*) FROM strip WHERE trouble > 0) AS portsTroubled,
      (SELECT id FROM recent WHERE state = 'finished' AND "only" IS NULL ORDER BY ports = ${ports} DESC, created_at DESC LIMIT 1) AS newestWhole,
      (SELECT json_group_array(json_object('id', id, 'ports', ports, 'addresses', json(addresses))) FROM scans
        WHERE tenant_id = ${tenantId} AND id IN (SELECT value FROM json_each(${rows(lastScans)})) AND verdict <> 'incomplete') AS asked`)
  if (!found) throw new Error('a query without a table answered no row')
  const list = <T>(column: keyof Around) => JSON.parse(String(found[column])) as T[]
  return {
    issues: list('issues'),
    proofs: list('proofs'),
    controls: list('controls'),
    letters: list('letters'),
    isLooking: found.isLooking === 1,
    strips: list<Strip>('strips').sort((a, b) => a.port - b.port || a.address.localeCompare(b.address)),
    portsSeen: Number(found.portsSeen),
    portsTroubled: Number(found.portsTroubled),
    newestWhole: found.newestWhole === null ? null : String(found.newestWhole),
    asked: list('asked'),
  }
}
