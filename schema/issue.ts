/** What is kept with an issue and its occurrences, so that a list need not open the judgements they come from. */
import * as v from 'valibot'
import { CAUSE_CLASSES, MECHANISMS, STRENGTHS, type Strength, VERDICTS, type VerdictWord } from './words.ts'

/** Causes that an issue keeps, and ports that it names with each. */
export const MOST_CAUSES = 5
export const MOST_PORTS = 8

/** One cause of an issue, as the scan that saw it last told it. */
export const IssueCause = v.object({
  class: v.picklist(CAUSE_CLASSES),
  mechanism: v.nullable(v.picklist(MECHANISMS)),
  vendor: v.nullable(v.string()),
  /** calibrated, 0 to 1: of the port of which it is surest */
  confidence: v.number(),
  /** how sure it is that these ports were lost to the scanner alone; null where the verdict has no strength */
  strength: v.nullable(v.picklist(STRENGTHS)),
  /** the first of them, ascending */
  ports: v.array(v.number()),
  /** how many there are */
  count: v.number(),
})
export type IssueCause = v.InferOutput<typeof IssueCause>

/** What was said of one endpoint. */
export const OccurrenceSaid = v.object({
  verdict: v.picklist(VERDICTS),
  strength: v.nullable(v.picklist(STRENGTHS)),
  class: v.nullable(v.picklist(CAUSE_CLASSES)),
  mechanism: v.nullable(v.picklist(MECHANISMS)),
  vendor: v.nullable(v.string()),
  confidence: v.nullable(v.number()),
})
export type OccurrenceSaid = v.InferOutput<typeof OccurrenceSaid>

interface Told {
  verdict: VerdictWord
  strength: Strength | null
  cause: Pick<IssueCause, 'class' | 'mechanism' | 'vendor' | 'confidence'> | null
}

/** The words that an occurrence keeps. */
export const saidOf = ({ verdict, strength, cause }: Told): OccurrenceSaid => ({
  verdict,
  strength,
  class: cause?.class ?? null,
  mechanism: cause?.mechanism ?? null,
  vendor: cause?.vendor ?? null,
  confidence: cause?.confidence ?? null,
})
