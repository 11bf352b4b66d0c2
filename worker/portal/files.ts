/** What tables say as files that are no lists: those of a scan, a target, a proof, and the ceilings. */
import { CEILING_SCOPES, type CeilingScope, type Ceilings } from '../../schema/ceilings.ts'
import type { PanelMember } from '../../schema/facts.ts'
import type { PortVerdict } from '../../schema/judgement.ts'
import type { ProofCell, ProofRow } from '../../schema/proof.ts'
import { cellText } from '../core/proof.ts'
import { fileColumns } from './parts/listing.tsx'
import { rowsOf } from './parts/matrix.tsx'
import type { ProofView, ScanRow, SiteView, StripView } from './views.ts'

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

export const PORT_FILE = fileColumns<PortVerdict>({
  address: ({ address }) => address,
  port: ({ port }) => port,
  service: ({ service }) => service,
  verdict: ({ verdict }) => verdict,
  strength: ({ strength }) => strength,
  causeClass: ({ cause }) => cause?.class ?? null,
  mechanism: ({ cause }) => cause?.mechanism ?? null,
  vendor: ({ cause }) => cause?.vendor ?? null,
  confidence: ({ cause }) => cause?.confidence ?? null,
  recheck: ({ recheck }) => recheck,
  tested: ({ coverage }) => coverage.share,
  reachableSeconds: ({ coverage }) => coverage.reachableSeconds,
  lostSeconds: ({ coverage }) => coverage.lostSeconds,
  firstSeenOpenAt: ({ firstSeenOpenAt }) => iso(firstSeenOpenAt),
  lostAt: ({ lostAt }) => iso(lostAt),
  fastAt: ({ fastAt }) => iso(fastAt),
  confirmedAt: ({ confirmedAt }) => iso(confirmedAt),
  recovery: ({ recovery }) => recovery,
  eValue: ({ eValue }) => eValue,
  connects: ({ connects }) => connects,
})

export const PANEL_FILE = fileColumns<PanelMember>({
  role: ({ role }) => role,
  site: ({ site }) => site,
  sourceAddress: ({ sourceAddress }) => sourceAddress,
  provider: ({ provider }) => provider,
  country: ({ country }) => country,
  asn: ({ asn }) => asn,
  probeId: ({ probeId }) => probeId,
  fit: ({ fit }) => fit,
  rested: ({ rested }) => rested,
})

export interface ProofLineOf {
  row: ProofRow
  cell: ProofCell
}

/** The matrix, a line for each address and endpoint. */
export const proofLines = ({ result }: ProofView): ProofLineOf[] =>
  result.rows.flatMap((row) => row.cells.map((cell) => ({ row, cell })))

export const PROOF_FILE = fileColumns<ProofLineOf>({
  sourceAddress: ({ row }) => row.sourceAddress,
  site: ({ row }) => row.site,
  state: ({ row }) => row.state,
  address: ({ cell }) => cell.address,
  port: ({ cell }) => cell.port,
  result: ({ cell }) => cell.word,
  detail: ({ cell }) => cellText(cell),
  at: ({ cell }) => iso(cell.at),
})

/** One port as one site last saw it. */
export interface SitePort {
  address: string
  port: number
  service: string
  site: SiteView
  /** `not_open`, where it was looked for; null where it may not have been */
  verdict: string | null
}

/** The matrix of a target, whole, a line for each port and site. */
export const sitePorts = (sites: readonly SiteView[]): SitePort[] =>
  rowsOf(sites).flatMap(({ address, port, service, verdicts }) =>
    sites.map((site, i) => ({ address, port, service, site, verdict: verdicts[i] ?? null })),
  )

export const SITE_PORT_FILE = fileColumns<SitePort>({
  address: ({ address }) => address,
  port: ({ port }) => port,
  service: ({ service }) => service,
  site: ({ site }) => site.site,
  verdict: ({ verdict }) => verdict,
  scanId: ({ site }) => site.scanId,
  at: ({ site }) => iso(site.at),
})

/** What one scan said of one port. */
export interface HistoryCell {
  strip: StripView
  scan: ScanRow
  verdict: string
}

/** The strips of a target, a line for each port and scan that said something of it, the newest scan first. */
export const historyOf = (strips: readonly StripView[], scans: readonly ScanRow[]): HistoryCell[] =>
  strips.flatMap((strip) =>
    scans.flatMap((scan) => {
      const verdict = strip.cells[scan.id]
      return verdict === undefined || scan.finishedAt === null ? [] : [{ strip, scan, verdict }]
    }),
  )

export const HISTORY_FILE = fileColumns<HistoryCell>({
  address: ({ strip }) => strip.address,
  port: ({ strip }) => strip.port,
  service: ({ strip }) => strip.service,
  scanId: ({ scan }) => scan.id,
  endedAt: ({ scan }) => iso(scan.finishedAt),
  verdict: ({ verdict }) => verdict,
})

interface CeilingLine {
  addresses: 'public' | 'private'
  scope: CeilingScope
  perSecond: number
  /** null: no limit */
  perDay: number | null
}

export const ceilingLines = (ceilings: Ceilings): CeilingLine[] =>
  (['public', 'private'] as const).flatMap((addresses) =>
    CEILING_SCOPES.map((scope) => ({ addresses, scope, ...ceilings[addresses][scope] })),
  )

export const CEILING_FILE = fileColumns<CeilingLine>({
  addresses: ({ addresses }) => addresses,
  scope: ({ scope }) => scope,
  perSecond: ({ perSecond }) => perSecond,
  perDay: ({ perDay }) => perDay,
})
