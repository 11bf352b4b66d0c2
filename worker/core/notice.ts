import type { Judgement } from '../../schema/judgement.ts'
import type { NoticeName } from '../../schema/words.ts'
import type { IssueStep, Occurrence } from './issue.ts'

/** What is said to people, before any channel gives it its form. Plain text, bounded; targets' bytes are not in it. */
export interface Notice {
  name: NoticeName
  title: string
  /** one or two sentences */
  text: string
  /** one line per endpoint, at most `MAX_LINES` and one that counts the rest */
  lines: readonly string[]
}

export const MAX_LINES = 10

/** The notice of an issue's step; null when nobody is to be told (nothing happened, or the issue is snoozed). */
export function noticeOf(step: IssueStep, target: string, judgement: Judgement): Notice | null {
  switch (step.do) {
    case 'nothing':
      return null
    case 'open':
      return step.notify ? say('issue.opened', step.title, judgement, step.occurrences) : null
    case 'restate':
      return step.notify ? say('issue.updated', step.title, judgement, step.occurrences) : null
    case 'close':
      return step.notify
        ? {
            name: 'issue.resolved',
            title: `${target}: proved fixed`,
            text: 'A retest from the same address with the same stimulus reached every lost port and ended clear.',
            lines: [],
          }
        : null
  }
}

/** The notice that a scan has ended. */
export const scanNotice = (target: string, judgement: Judgement): Notice => ({
  name: 'scan.finished',
  title: `${target}: ${judgement.verdict ?? 'no verdict'}`,
  text: judgement.coverage?.statement ?? 'The scan has ended.',
  lines: [],
})

const say = (name: NoticeName, title: string, judgement: Judgement, occurrences: readonly Occurrence[]): Notice => ({
  name,
  title,
  text: judgement.coverage?.statement ?? '',
  lines: [
    ...occurrences.slice(0, MAX_LINES).map(line),
    ...(occurrences.length > MAX_LINES ? [`and ${occurrences.length - MAX_LINES} more`] : []),
  ],
})

/** `Port 22 (ssh): interfered, confirmed. ips / fail2ban, 86 %.` */
function line({ port, verdict }: Occurrence): string {
  const word = `${verdict.verdict.replaceAll('_', ' ')}${verdict.strength ? `, ${verdict.strength}` : ''}`
  const cause = verdict.cause
  const why = cause
    ? ` ${cause.class}${cause.mechanism ? ` / ${cause.mechanism}` : ''}, ${Math.round(cause.confidence * 100)} %.`
    : ''
  return `Port ${port} (${verdict.service}): ${word}.${why}`
}
