/** When a target is scanned by itself, in words; the expression stands behind them. */
import { cronWords } from '../../core/cronWords.ts'
import { Ago } from './time.tsx'

const begun = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`

export interface Scheduled {
  schedule: string | null
  timezone: string
  nextDueAt: number | null
}

export const Schedule = ({ of: { schedule, timezone, nextDueAt }, now }: { of: Scheduled; now: number }) => {
  if (schedule === null) return <span class="dim">only when asked</span>
  const words = cronWords(schedule)
  return (
    <>
      {words === null ? <code>{schedule}</code> : <span title={schedule}>{begun(words)}</span>}
      {timezone !== 'UTC' || words !== null ? <span class="dim"> ({timezone})</span> : ''}
      {nextDueAt !== null && (
        <span class="dim">
          , next <Ago at={nextDueAt} now={now} />
        </span>
      )}
    </>
  )
}
