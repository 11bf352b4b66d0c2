/** Causes in few words, for lists and heads. */
import type { IssueCause } from '../../../schema/issue.ts'
import { percent } from '../../core/text.ts'
import { CAUSE, MECHANISM } from '../words.ts'

/** `Ban on the source: fail2ban` */
export const whyOf = ({ class: name, mechanism, vendor }: Pick<IssueCause, 'class' | 'mechanism' | 'vendor'>): string =>
  `${CAUSE[name].name}${mechanism ? `: ${MECHANISM[mechanism]}` : ''}${vendor ? ` (${vendor})` : ''}`

/** `86 %, block confirmed`: how sure the cause is, and how sure that it was the scanner alone. */
export const surenessOf = ({ confidence, strength }: Pick<IssueCause, 'confidence' | 'strength'>): string =>
  `${percent(confidence)}${strength === null ? '' : `, block ${strength}`}`
