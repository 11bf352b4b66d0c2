import { html } from 'hono/html'
import type { Child } from 'hono/jsx'

/** A column whose head is more than its name; the name stands beside each value where rows are stacked. */
export interface Column {
  name: string
  head: Child
  /** the rows are in its order */
  sorted?: 'ascending' | 'descending'
}

export interface TableProps {
  label: string
  columns: readonly (string | Column)[]
  /** one list of cells for each row; the first names the row, '' is nothing */
  rows: readonly (readonly Child[])[]
}

/** A table. Where it is too wide it scrolls by itself, also by keyboard; on a narrow screen each row is stacked. */
export const Table = ({ label, columns, rows }: TableProps) => {
  const names = columns.map((column) => (typeof column === 'string' ? column : column.name))
  return (
    // What scrolls must be reachable by keyboard (WCAG 2.1.1): hence the tabindex.
    <section class="wide" tabindex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" aria-sort={typeof column === 'string' ? undefined : column.sorted}>
                {typeof column === 'string' ? column : column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{rows.map(([head, ...cells]) => rowOf(head, cells, names))}</tbody>
      </table>
    </section>
  )
}

/** As text, as facts are: a page can have hundreds of them. */
const rowOf = (head: Child, cells: readonly Child[], names: readonly string[]) =>
  html`<tr><th scope="row">${head}</th>${cells.map((cell, i) => cellOf(cell, names[i + 1] ?? ''))}</tr>`

const cellOf = (cell: Child, name: string) =>
  cell === '' ? html`<td data-name="${name}"></td>` : html`<td data-name="${name}"><div>${cell}</div></td>`

/** Where the table above is had as a file. */
export const Files = ({ path }: { path: string }) => (
  <div class="under">
    <span />
    <span>
      Download: <a href={`${path}?format=csv`}>CSV</a>, <a href={`${path}?format=jsonl`}>JSON Lines</a>
    </span>
  </div>
)

/** One name with its value, inside `<dl class="facts">`. */
export const Fact = ({ name, children }: { name: string; children: Child }) =>
  html`<div><dt>${name}</dt><dd>${children}</dd></div>`
