/** Issues that are opened, change and are resolved, as notices; and whether a receiver heard them as it should. */
import type { EventOf } from '../../schema/events.ts'
import { exampleOf } from '../../worker/deliver/examples.ts'
import type { Received } from '../support/reply.ts'

export interface Notice {
  id: string
  issue: number
  /** 0 opened, 1 updated, 2 resolved */
  step: number
}
export const STEPS = ['issue.opened', 'issue.updated', 'issue.resolved'] as const

const padded = (prefix: string, n: number) => `${prefix}_${String(n).padStart(20, '0')}`
export const noticeOf = (issue: number, step: number): Notice => ({ id: padded('ntc', issue * 10 + step), issue, step })

/** As the line would store it. Each issue has a target of its own; what is updated has become less grave. */
export function toldOf({ id, issue, step }: Notice, now: number) {
  const event = exampleOf(STEPS[step] ?? 'issue.opened', now) as EventOf<'issue.opened'>
  const issueId = padded('iss', issue)
  const data = {
    ...event.data,
    ...(step === 1 ? { severity: 'warning' as const } : {}),
    title: `Issue ${issue} ${STEPS[step]}`,
    issue: { ...event.data.issue, id: issueId },
    target: { ...event.data.target, id: padded('tgt', issue) },
    links: { ...event.data.links, issue: `/issues/${issueId}` },
  }
  return { id, event: { ...event, data } as typeof event }
}

export interface Count {
  wanted: number
  attempts: number
  /** notices that no reader ever saw */
  lost: number
  /** seen more than once under the same id: a receiver that lied, or a sender that died, leaves no other way */
  repeats: number
  /** ids that belong to no notice */
  strange: number
  /** messages of an issue that were seen before an earlier one of it */
  outOfOrder: number
}

/** What a receiver of webhooks saw, by the id that each message carries. */
export function counted(log: readonly Received[], notices: readonly Notice[], nameOf = idOf): Count {
  const taken = log.filter((one) => one.taken).map(nameOf)
  const seen = new Set(taken)
  const known = new Map(notices.map((notice) => [notice.id, notice]))
  const firsts = [...seen].flatMap((id) => known.get(id) ?? [])
  const last = new Map<number, number>()
  let outOfOrder = 0
  for (const { issue, step } of firsts) {
    if (step < (last.get(issue) ?? -1)) outOfOrder++
    last.set(issue, Math.max(step, last.get(issue) ?? -1))
  }
  return {
    wanted: notices.length,
    attempts: log.length,
    lost: notices.filter(({ id }) => !seen.has(id)).length,
    repeats: taken.length - seen.size,
    strange: [...seen].filter((id) => !known.has(id)).length,
    outOfOrder,
  }
}

export const idOf = ({ headers }: Received): string => headers['webhook-id'] ?? ''

/** A chat's message carries no id of ours: its title tells which it is. */
export function idInText({ body }: Received): string {
  const [, issue, step] = /Issue (\d+) issue\\*\.(\w+)/.exec(body.replaceAll('\\', '')) ?? []
  const at = (STEPS as readonly string[]).indexOf(`issue.${step}`)
  return issue === undefined || at < 0 ? `unknown:${body.slice(0, 40)}` : noticeOf(Number(issue), at).id
}
