import type { PortVerdict, ScanCoverage } from '../../../schema/judgement.ts'
import { SELECTIVE_VERDICTS, SEVERITIES, type Severity } from '../../../schema/words.ts'

/** Below this share of the asked ports the scan as a whole says little. */
const HALF = 0.5

/**
 * How grave what a scan met is. `critical`: our own scan took a service down for everyone. `error`: a proved interference,
 * or more than half was not tested. `warning`: a likely one, or a scan that could not be completed. `info`: nothing was lost.
 */
export function severityOf(lost: readonly PortVerdict[], coverage: Pick<ScanCoverage, 'share'> | null): Severity {
  if (lost.some(isHarm)) return 'critical'
  if (lost.some(({ strength }) => strength === 'confirmed')) return 'error'
  if (coverage !== null && coverage.share < HALF) return 'error'
  return lost.length > 0 || (coverage !== null && coverage.share < 1) ? 'warning' : 'info'
}

const isHarm = ({ verdict, cause }: PortVerdict): boolean =>
  !SELECTIVE_VERDICTS.includes(verdict) && (cause?.mechanism === 'crashed_by_scan' || cause?.class === 'overload')

/** At least as grave as `floor`. */
export const isAtLeast = (severity: Severity, floor: Severity): boolean =>
  SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(floor)
