/** The end of a scan: state, issue, occurrences, notices and what the target learns, in one batch, for one judge. */

import { endpointKey, isOver, MOST_KNOWN } from '../schema/facts.ts'
import { derivedId } from '../schema/ids.ts'
import { saidOf } from '../schema/issue.ts'
import type { Judgement, PortVerdict } from '../schema/judgement.ts'
import { RENEW_MS } from '../schema/wire.ts'
import type { FailureWord } from '../schema/words.ts'
import { hasEnded } from '../schema/words.ts'
import { spentOf } from './ceilings.ts'
import { causesOf, stepsOf } from './core/issue.ts'
import { afterRetest } from './core/known.ts'
import { failureNotice, issueNotice, scanNotice, type ToldScan } from './core/notices/scan.ts'
import { renderOutput } from './core/output.ts'
import type { Steering } from './core/steering.ts'
import { sendSoon } from './deliver/send.ts'
import { withGapsFilled } from './filled.ts'
import { unprovedBy } from './interfered.ts'
import { sha256 } from './secrets.ts'
import { noteSent } from './store/ceilings.ts'
import { batch, changed } from './store/db.ts'
import type { Snapshot } from './store/facts.ts'
import { type AppliedStep, applySteps, openIssues, teachTarget } from './store/issues.ts'
import { addNotices, type Told } from './store/outbox.ts'
import { outputKey, putText, readText } from './store/raw.ts'
import { type Closing, endRuns, type Run } from './store/runs.ts'
import { ended, endScan, nextTurn, type Scan, unbegunBehind } from './store/scans.ts'
import { weigh } from './trust.ts'
import type { World } from './world.ts'

export interface EndingKind {
  state: 'finished' | 'failed' | 'cancelled'
  failure: { code: FailureWord; detail: string } | null
}

/** Whether and how the scan ends now; null while there is more to learn. */
export function endingOf(world: World, { scan, facts, runs }: Snapshot, steering: Steering): EndingKind | null {
  if (hasEnded(scan.state)) return null
  if (scan.cancelAsked === 1) return runs.some(isHeldStill(world.now)) ? null : { state: 'cancelled', failure: null }
  const scanRun = facts.runs.find((run) => run.kind === 'scan')
  const over = scanRun !== undefined && isOver(scanRun)
  const said = scanRun?.closing
  if (said?.outcome === 'failed')
    return failed(said.failure?.code ?? 'internal', said.failure?.detail ?? 'The probe could not carry out the scan.')
  if (scan.deadlineAt < world.now) return failed('timed_out', 'The scan did not end in its time.')
  if (over && said === null && scanRun?.heardAt === null)
    return failed('probe_lost', 'The probe did not come for its work.')
  if (over && said === null && scanRun?.found.length === 0)
    return failed('probe_lost', 'The probe fell silent before it had found an open port.')
  return over && steering.done ? { state: 'finished', failure: null } : null
}

/**
 * Only the scanner's last word is worth waiting for, and only while it can be expected: it asks every RENEW_MS. Onlookers
 * are told with their next report, which is refused.
 */
const isHeldStill =
  (now: number) =>
  (run: Run): boolean =>
    run.kind === 'scan' &&
    run.state === 'leased' &&
    run.endedAt === null &&
    now < (run.leaseUntil ?? 0) + RENEW_MS + CLOSING_WORD_MS
const CLOSING_WORD_MS = 5_000

const failed = (code: FailureWord, detail: string): EndingKind => ({ state: 'failed', failure: { code, detail } })

/** What waits behind the scan that this judge ended; null when another wrote first. */
export async function finish(
  world: World,
  snapshot: Snapshot,
  judged: Judgement,
  ending: EndingKind,
): Promise<Scan[] | null> {
  const { db, now } = world
  const { scan } = snapshot
  const judgement = await withGapsFilled(world, scan, judged)
  const isWhole = ending.state === 'finished'
  const steps = isWhole && !isIdleRetest(snapshot, judgement) ? await stepsFor(world, snapshot, judgement) : []
  const output = await composed(world, snapshot, judgement)
  const notices = await noticesFor(snapshot, judgement, ending, steps, output !== null, now)
  const token = crypto.randomUUID()
  const guard = ended(scan, token)
  const connects = spentOf(snapshot)
  const answers = await batch(db, [
    endScan(db, scan, { ...ending, token, judgement, output, connects }, now),
    ...noteSent(db, scan, connects, guard, now),
    ...applySteps(db, scan, steps, guard, now),
    ...(notices.length > 0 ? [addNotices(db, scan.tenantId, notices, guard, now)] : []),
    ...(isWhole ? [teachTarget(db, scan, lessonOf(scan, snapshot, judgement, now), guard)] : []),
    ...(snapshot.runs.some((run) => run.endedAt === null)
      ? [endRuns(db, scan.tenantId, scan.id, now, { held: true }, guard)]
      : []),
    nextTurn(db, scan, guard),
    unbegunBehind(db, scan),
  ])
  if (changed(answers[0]) === 0) return null
  world.ring(snapshot.runs.filter((run) => run.endedAt === null).map((run) => run.probeId))
  world.stir(scan.id)
  if (isWhole) await weigh(world, snapshot)
  if (notices.length > 0) sendSoon(world, scan.tenantId)
  return answers.at(-1) as Scan[]
}

/** A retest that ended clear without having reached each lost port itself: it neither proves nor says anything. */
function isIdleRetest({ scan, facts }: Snapshot, judgement: Judgement): boolean {
  if (scan.retestOf === null || judgement.verdict !== 'clear') return false
  const run = facts.runs.find((one) => one.kind === 'scan')
  const reached = new Set(
    (run?.observations ?? []).filter((seen) => seen.sight === 'open' && seen.fit !== false).map(endpointKey),
  )
  return run?.closing?.outcome !== 'done' || !(scan.only ?? []).every((lost) => reached.has(endpointKey(lost)))
}

/** The issue's next steps with their ids, which follow from the scan: a repeat meets its own rows. */
async function stepsFor(world: World, { scan, target }: Snapshot, judgement: Judgement): Promise<AppliedStep[]> {
  const unproved = judgement.verdict === 'clear' ? await unprovedBy(world, scan) : null
  const steps = stepsOf({
    scanId: scan.id,
    target: target.name ?? target.address,
    judgement,
    openIssues: await openIssues(world.db, scan.tenantId, target.id),
    retestOf: scan.retestOf,
    retestIsProof: unproved?.length === 0,
    unprovedFrom: unproved ?? [],
    now: world.now,
  })
  return Promise.all(
    steps.flatMap((step) =>
      step.do === 'nothing'
        ? []
        : [
            (async () => ({
              step,
              issueId: step.do === 'open' ? await derivedId('iss', scan.id, step.finding) : step.issueId,
              occurrences: await Promise.all(
                (step.do === 'close' ? [] : step.occurrences).map(async ({ address, port, verdict }) => ({
                  id: await derivedId('occ', scan.id, address, port),
                  address,
                  port,
                  said: saidOf(verdict),
                })),
              ),
              causes: step.do === 'close' ? [] : causesOf(step.occurrences),
            }))(),
          ],
    ),
  )
}

/** What is told: each step of the issue, and the end of the scan. */
async function noticesFor(
  { scan, target }: Snapshot,
  judgement: Judgement,
  ending: EndingKind,
  steps: readonly AppliedStep[],
  hasOutput: boolean,
  now: number,
): Promise<Told[]> {
  const told = toldScan(scan, target, hasOutput)
  const ofIssues = steps.flatMap((applied) => {
    const event = issueNotice(applied.step, applied, told, judgement, now)
    return event ? [{ key: applied.issueId, event }] : []
  })
  const open = steps.filter(({ step }) => step.do !== 'close')
  const all: { key: string; event: Told['event'] }[] = [
    ...ofIssues,
    ...(ending.state === 'finished' ? [{ key: 'finished', event: scanNotice(told, judgement, open, now) }] : []),
    ...(ending.failure ? [{ key: 'failed', event: failureNotice(told, ending.failure, now) }] : []),
  ]
  return Promise.all(all.map(async ({ key, event }) => ({ id: await derivedId('ntc', scan.id, key), event })))
}

/** The notice that a scan failed before it began; it has no other end. */
export const unbegunNotice = async (
  scan: Scan,
  target: ToldScan['target'],
  failure: { code: FailureWord; detail: string },
  now: number,
): Promise<Told> => ({
  id: await derivedId('ntc', scan.id, 'failed'),
  event: failureNotice(toldScan(scan, target, false), failure, now),
})

function toldScan(scan: Scan, target: ToldScan['target'], hasOutput: boolean): ToldScan {
  const scanner = scan.panel.find((member) => member.role === 'scanner')
  return {
    id: scan.id,
    profile: scan.profile,
    startedAt: scan.startedAt,
    scanner: scanner ? { sourceAddress: scanner.sourceAddress, site: scanner.site } : null,
    target: { id: target.id, name: target.name, address: target.address, tags: target.tags },
    hasOutput,
  }
}

/** Writes the raw scanner output, if the scanner sent any log or saw any port; before the batch that names it. */
export async function composed(
  world: World,
  { scan, facts, runs, target }: Snapshot,
  judgement: Judgement,
): Promise<{ bytes: number; key: string } | null> {
  const closing = runs.find((run) => run.kind === 'scan')?.closing as Closing | null | undefined
  if (!closing && judgement.ports.length === 0) return null
  const scannerLog = closing?.logKey ? await readText(world.raw, closing.logKey) : ''
  const text = renderOutput({ facts, judgement, scannerLog, target: target.name ?? target.address })
  const key = outputKey(scan.tenantId, scan.id, await sha256(text))
  await putText(world.raw, key, text)
  return { bytes: new TextEncoder().encode(text).length, key }
}

/** What the target learns: who scanned it from this site, what was open, its shield, the pace it bears. */
function lessonOf(scan: Scan, { target, facts }: Snapshot, judgement: Judgement, now: number) {
  const found = facts.runs.flatMap((run) => run.found)
  const known = (port: PortVerdict) => ({
    address: port.address,
    port: port.port,
    service: port.service,
    verdict: port.verdict,
    check: found.find((one) => one.address === port.address && one.port === port.port)?.check ?? 'tcp',
  })
  const site = scan.panel.find((member) => member.role === 'scanner')?.site ?? scan.site
  const ports = judgement.ports
    .filter((port) => port.verdict !== 'phantom')
    .slice(0, MOST_KNOWN)
    .map(known)
  const before = target.lastKnown[site]
  const isRetest = scan.only !== null
  const lastClearAt = judgement.verdict === 'clear' && !isRetest ? now : before?.clearAt
  const seen = { at: now, scanId: scan.id, ...(lastClearAt === undefined ? {} : { clearAt: lastClearAt }), ports }
  const lastKnown = !isRetest ? seen : before && afterRetest(before, seen)
  // A retest, or a scan of other ports, says nothing of the target as a whole: its list and its badge keep the last that did.
  const isOfTarget = !isRetest && scan.ports === target.ports
  const isClean = judgement.verdict === 'clear' && !isRetest
  return {
    ...(isOfTarget ? { lastScanId: scan.id, lastScannedAt: now } : {}),
    scanners: { ...target.scanners, [scan.site]: scan.scannerProbeId, [site]: scan.scannerProbeId },
    ...(lastKnown ? { lastKnown: { ...target.lastKnown, [site]: lastKnown } } : {}),
    ...(judgement.waf ? { waf: judgement.waf } : {}),
    ...(isClean && scan.maxConnectsPerSecond > (target.highestCleanRate ?? 0)
      ? { highestCleanRate: scan.maxConnectsPerSecond }
      : {}),
  }
}
