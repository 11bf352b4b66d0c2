import { count } from '../../core/text.ts'
import { eventsOf } from '../issue/log.tsx'
import { Table } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { isLost } from './controls.ts'
import type { ReportView } from './view.ts'

interface Moment {
  at: number
  what: string
}
const MOST = 60

/** The scan in the order of its moments, oldest first. */
export function momentsOf(report: ReportView): Moment[] {
  const lost = (report.judgement?.ports ?? []).filter(isLost)
  const at = (time: number | null | undefined, what: string): Moment[] => (time ? [{ at: time, what }] : [])
  return [
    ...at(report.createdAt, 'The scan was asked for.'),
    ...at(report.startedAt, 'It began.'),
    ...lost.flatMap(({ port, firstSeenOpenAt, lostAt, fastAt, confirmedAt, recoveredBetween }) => [
      ...at(firstSeenOpenAt, `Port ${port} was first seen open.`),
      ...at(lostAt, `Port ${port} was lost to the scanner; the panel was called.`),
      ...at(fastAt, `Port ${port}: the first verdict, likely.`),
      ...at(confirmedAt, `Port ${port}: confirmed.`),
      ...at(recoveredBetween?.[1], `Port ${port} was open to the scanner again.`),
    ]),
    ...at(report.finishedAt, 'The scan ended.'),
    ...at(report.judgement?.judgedAt, 'It was judged as it stands here.'),
  ].toSorted((a, b) => a.at - b.at)
}

export const Chronicle = ({ report }: { report: ReportView }) => {
  const moments = momentsOf(report)
  return (
    <section>
      <h2>What happened when</h2>
      <Table
        label="Moments of the scan"
        columns={['Time', 'What']}
        rows={moments.slice(0, MOST).map(({ at, what }) => [<Time at={at} />, what])}
      />
      {moments.length > MOST && (
        <p class="dim">{count(moments.length - MOST, 'more moment is', 'more moments are')} left out here.</p>
      )}
      {report.issue && (
        <>
          <h3>The issue</h3>
          <Table
            label="Moments of the issue"
            columns={['Time', 'What', 'More', 'Id']}
            rows={eventsOf(report.issue)
              .toReversed()
              .map(({ at, name, say, href }) => [
                <Time at={at} />,
                name,
                say,
                href === null ? '' : <code>{href.split('/').at(-1)}</code>,
              ])}
          />
        </>
      )}
    </section>
  )
}
