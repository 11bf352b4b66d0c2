import { Page } from './layout.tsx'
import type { Frame } from './views.ts'

export interface Problem {
  title: string
  /** one of our own sentences */
  detail: string
  frame: Frame | null
  /** each field that is wrong, where a form was filled in */
  faults?: readonly { field: string; detail: string }[]
}

/** Any answer that is not success, for people. */
export const ProblemPage = ({ title, detail, frame, faults = [] }: Problem) => (
  <Page title={title} frame={frame}>
    <section class="narrow">
      <h1>{title}</h1>
      <p class="break">{detail}</p>
      {faults.some(({ field }) => faults.length > 1 || !detail.includes(field)) && (
        <ul class="plain">
          {faults.map(({ field, detail: what }) => (
            <li class="break">
              <strong>{field}</strong>: {what}
            </li>
          ))}
        </ul>
      )}
      {faults.length > 0 && <p class="dim">Go back in your browser to change it.</p>}
      <p>
        <a href="/">To the overview</a>
      </p>
    </section>
  </Page>
)
