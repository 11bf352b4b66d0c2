import { Page } from './layout.tsx'
import { Badge } from './parts/badge.tsx'
import { Table } from './parts/table.tsx'
import { Time } from './parts/time.tsx'
import type { Frame, RangeRow } from './views.ts'
import { RANGE } from './words.ts'

/** `lists` are the public files in which the ranges can be had, by path. */
export interface Ranges {
  frame: Frame | null
  ranges: readonly RangeRow[]
  lists: readonly { href: string; name: string }[]
}

export const RangesPage = ({ frame, ranges, lists }: Ranges) => (
  <Page title="Our addresses" frame={frame}>
    <h1>The addresses we scan from</h1>
    <p class="lead">
      Let these through before you rely on a scan. An announced range is not used before its day; a retiring one is no
      longer scanned from, and may be removed from your list after the day given.
    </p>
    {ranges.length === 0 ? (
      <p class="none">No public range is published. Private ranges never appear here.</p>
    ) : (
      <Table
        label="Ranges"
        columns={['Range', 'State', 'Site', 'Network', 'Used from', 'Remove after']}
        rows={ranges.map((range) => [
          <code>{range.cidr}</code>,
          <Badge tone={RANGE[range.state]} text={range.state} />,
          range.site,
          [range.provider, range.country].filter((word) => word !== null).join(', '),
          <Time at={range.activeFrom} />,
          range.retireAfter === null ? '' : <Time at={range.retireAfter} />,
        ])}
      />
    )}
    {lists.length > 0 && (
      <section>
        <h2>For machines</h2>
        <ul class="plain">
          {lists.map((list) => (
            <li>
              <a href={list.href}>{list.name}</a>
            </li>
          ))}
        </ul>
      </section>
    )}
  </Page>
)
