/** What the tables of a scan and of a proof say as files. */
import type { PanelMember } from '../../schema/facts.ts'
import type { PortVerdict } from '../../schema/judgement.ts'
import type { ProofCell, ProofRow } from '../../schema/proof.ts'
import { cellText } from '../core/proof.ts'
import { fileColumns } from './parts/listing.tsx'
import type { ProofView } from './views.ts'

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
