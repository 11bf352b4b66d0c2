import type { RejudgedAnswer } from '../schema/api.ts'
import type { Judgement, PortVerdict } from '../schema/judgement.ts'
import { judgeScan } from './core/judge.ts'
import { Failure } from './failure.ts'
import { withGapsFilled } from './filled.ts'
import { composed } from './finish.ts'
import { readSnapshot } from './store/facts.ts'
import { isForgotten } from './store/forget.ts'
import { storeRejudgement } from './store/scans.ts'
import type { World } from './world.ts'

export type Difference = RejudgedAnswer['rejudged']

/**
 * Judges an ended scan again from its facts, by the rules of today, composes its output anew, and tells what is said
 * otherwise than before. Its issue stays as it is: issues follow scans, not changes of mind. Null when there is no such scan.
 */
export async function rejudge(world: World, tenantId: string, scanId: string): Promise<Difference | null> {
  const snapshot = await readSnapshot(world.db, tenantId, scanId)
  if (!snapshot) return null
  if (isForgotten(snapshot.scan, snapshot.runs.length))
    throw new Failure(
      'conflict',
      'What was seen in this scan has had its time and is gone: its verdicts stay as they are.',
    )
  const before = snapshot.scan.judgement
  const after = await withGapsFilled(world, snapshot.scan, judgeScan(snapshot.facts, world.now))
  await storeRejudgement(world.db, snapshot.scan, after, await composed(world, snapshot, after))
  return difference(before, after)
}

export function difference(before: Judgement | null, after: Judgement): Difference {
  const keyOf = ({ address, port }: PortVerdict) => `${address} ${port}`
  const old = new Map(before?.ports.map((port) => [keyOf(port), port]))
  const now = new Map(after.ports.map((port) => [keyOf(port), port]))
  return {
    rules: { before: before?.rules ?? null, after: after.rules },
    verdict: { before: before?.verdict ?? null, after: after.verdict },
    changes: [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
      const [was, is] = [old.get(key), now.get(key)]
      const { address, port } = (is ?? was) as PortVerdict
      const change = { address, port, before: wordOf(was), after: wordOf(is) }
      return JSON.stringify(change.before) === JSON.stringify(change.after) ? [] : [change]
    }),
  }
}

const wordOf = (port: PortVerdict | undefined) =>
  port
    ? {
        verdict: port.verdict,
        strength: port.strength,
        cause: port.cause && {
          class: port.cause.class,
          mechanism: port.cause.mechanism,
          confidence: port.cause.confidence,
        },
      }
    : null
