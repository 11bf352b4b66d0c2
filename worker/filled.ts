import type { Judgement } from '../schema/judgement.ts'
import { coverageTogether, type Part } from './core/filled.ts'
import { readScan, retestsOf, type Scan } from './store/scans.ts'
import type { World } from './world.ts'

/** The judgement of a retest, with what it and the scans whose gaps it fills tested between them; any other as it is. */
export async function withGapsFilled({ db }: World, scan: Scan, judgement: Judgement): Promise<Judgement> {
  const whole = scan.fills === null ? null : await readScan(db, scan.tenantId, scan.fills)
  if (!whole?.judgement || !judgement.coverage) return judgement
  const earlier = (await retestsOf(db, scan.tenantId, whole)).filter(({ id }) => id !== scan.id)
  const retests = [...earlier.flatMap((one) => partOf(one, one.judgement)), ...partOf(scan, judgement)]
  const [first] = partOf(whole, whole.judgement)
  return first
    ? { ...judgement, coverage: { ...judgement.coverage, together: coverageTogether(first, retests) } }
    : judgement
}

const partOf = ({ id, ports, startedAt }: Scan, judgement: Judgement | null): Part[] =>
  judgement ? [{ scanId: id, ports, startedAt, judgement }] : []
