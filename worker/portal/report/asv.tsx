import { metNothing } from '../words.ts'
import { isLost, verdictOf, whyNone } from './controls.ts'
import type { ReportView } from './view.ts'

/** PCI SSC, Approved Scanning Vendors Program Guide: on interference and the three ways out, in our words. */
const SOURCE = 'PCI SSC, Approved Scanning Vendors (ASV) Program Guide, section 7.6'

/** What this report is worth as evidence that the scan was not blocked: a clear scan that met open ports, and nothing less. */
function evidenceIn(report: ReportView): string {
  const { judgement, observations, finishedAt } = report
  if ((judgement?.ports ?? []).some(isLost))
    return 'Not this report as it stands: it shows losses. It can show which of them were no active block (service away for all, path, a dead machine), and for how long each port was tested.'
  if (finishedAt === null) return 'Not this report: the scan has not ended.'
  if (observations === 'none') return `Not this report. ${whyNone(report)}`
  if (verdictOf(report) !== 'clear')
    return 'Not this report: it shows no loss, but part of what was asked for was not tested.'
  return metNothing(judgement)
    ? 'Not this report by itself: no open port was found, so nothing could be lost, and it does not show that nothing was blocked. Where the target is known to have open ports, it is a reason to ask.'
    : 'This report: the controls, the panel and the ledger show that nothing was blocked while the scan ran.'
}

/** For scans whose result goes to an Approved Scanning Vendor. */
export const AsvPart = ({ report }: { report: ReportView }) => {
  const gives = {
    change:
      'The issue holds the text of the allowlist and how to undo it; a proof shows from each address that it works, and a retest that the ports stay open under the same stimulus.',
    evidence: evidenceIn(report),
    method:
      'The profile “accompany” watches the ports from the very address from which another scanner works, and so shows whether the agreed way is free of interference.',
  }
  return (
    <section>
      <h2>If this belongs to a PCI ASV scan</h2>
      <p>
        A scan in which an active protection stood in the way is inconclusive, and one that stays so counts as failed.
        Active are defences that change how they treat a source because of what it did before; a filter that is always
        the same for everybody is not. There are three ways out:
      </p>
      <ol class="ways">
        <li>
          <strong>
            Change the configuration for the time of the scan, so that the defence does not act on the scanner, and put
            it back afterwards.
          </strong>{' '}
          {gives.change}
        </li>
        <li>
          <strong>Give the ASV evidence in writing that the scan was not actively blocked.</strong> {gives.evidence}
        </li>
        <li>
          <strong>
            Agree with the ASV on a method that is free of interference, such as another point to scan from.
          </strong>{' '}
          {gives.method}
        </li>
      </ol>
      <p class="source">
        Source: {SOURCE}, told in our words: the guide that is in force decides. Portwitness is no ASV; the decision is
        that of the ASV.
      </p>
    </section>
  )
}
