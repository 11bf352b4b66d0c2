/** Causes in few words, for lists and heads. */
import type { IssueCause } from '../../../schema/issue.ts'
import type { Cause } from '../../../schema/judgement.ts'
import { GENERIC } from '../../core/causes.ts'
import { percent } from '../../core/text.ts'
import { CAUSE, MECHANISM } from '../words.ts'

/** `Ban on the source: fail2ban` */
export const whyOf = ({ class: name, mechanism, vendor }: Pick<IssueCause, 'class' | 'mechanism' | 'vendor'>): string =>
  `${CAUSE[name].name}${mechanism ? `: ${MECHANISM[mechanism]}` : ''}${vendor ? ` (${vendor})` : ''}`

/** `86 %, block confirmed`: how sure the cause is, and how sure that it was the scanner alone. */
export const surenessOf = ({ confidence, strength }: Pick<IssueCause, 'confidence' | 'strength'>): string =>
  `${percent(confidence)}${strength === null ? '' : `, block ${strength}`}`

/**
 * What looks the same from outside, and what the percentage is then a share of: where the class's own word is said, that of all its
 * mechanisms together; else it tells one from the others by how each usually behaves. Null where nothing does.
 */
export function alikeWords({ class: name, mechanism, confidence, indistinguishable }: Cause): string | null {
  if (indistinguishable.length === 0) return null
  const others = indistinguishable.map((word) => MECHANISM[word]).join(', ')
  return mechanism === GENERIC[name]
    ? `The ${percent(confidence)} is for the whole class, whichever of its tools it was: from outside it looks the same as ${others}.`
    : `The ${percent(confidence)} rests on how each usually behaves: from outside it can look the same as ${others}.`
}
