import type { Child } from 'hono/jsx'

/** A table that scrolls sideways by itself where the screen is narrow, also by keyboard. */
export const Table = ({ label, columns, children }: { label: string; columns: readonly Child[]; children: Child }) => (
  // What scrolls must be reachable by keyboard (WCAG 2.1.1): hence the tabindex.
  <section class="wide" tabindex={0} aria-label={label}>
    <table>
      <thead>
        <tr>
          {columns.map((column) => (
            <th scope="col">{column}</th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </section>
)

/** One name with its value, inside `<dl class="facts">`. */
export const Fact = ({ name, children }: { name: string; children: Child }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
