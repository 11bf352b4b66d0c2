/** Reads what came from outside against a shape. What is wrong is named by its path, never by its value. */
import * as v from 'valibot'

export interface Fault {
  /** path of the field, `anchors.0.port`; '' for the whole */
  field: string
  detail: string
}
/** As many faults as a reader can use. */
const MAX_FAULTS = 20

/** The value as its shape has it, or the faults. */
export function read<T extends v.GenericSchema>(
  shape: T,
  value: unknown,
): { value: v.InferOutput<T> } | { faults: Fault[] } {
  const result = v.safeParse(shape, value, { abortPipeEarly: true })
  if (result.success) return { value: result.output }
  return {
    faults: result.issues.slice(0, MAX_FAULTS).map((issue) => ({ field: pathOf(issue), detail: wordsOf(issue) })),
  }
}

const pathOf = (issue: v.BaseIssue<unknown>): string =>
  (issue.path ?? [])
    .map((step) => String(step.key).slice(0, 60))
    .join('.')
    .slice(0, 200)

function wordsOf(issue: v.BaseIssue<unknown>): string {
  const limit =
    'requirement' in issue && (typeof issue.requirement === 'number' || typeof issue.requirement === 'string')
      ? issue.requirement
      : null
  switch (issue.type) {
    case 'max_length':
      return `must not be longer than ${limit}`
    case 'min_length':
      return issue.message.startsWith('Invalid') ? `must not be shorter than ${limit}` : issue.message
    case 'max_value':
      return `must not be more than ${limit}`
    case 'min_value':
      return `must not be less than ${limit}`
    case 'integer':
      return 'must be a whole number'
    case 'picklist':
    case 'literal':
    case 'variant':
      return `must be one of ${(issue.expected ?? '').replaceAll(' | ', ', ').slice(0, 400)}`
    case 'strict_object':
      return issue.expected === 'never' ? 'is not a known field' : 'is missing or not an object'
    // Our own messages name what is wanted; valibot's would repeat the value.
    case 'regex':
    case 'check':
    case 'raw_check':
      return issue.message.startsWith('Invalid') ? 'does not have the right form' : issue.message
    default:
      return issue.received === 'undefined' ? 'is missing' : `must be ${issue.expected ?? 'something else'}`
  }
}
