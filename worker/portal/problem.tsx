import { Page } from './layout.tsx'
import type { Frame } from './views.ts'

/** Any answer that is not success, for people. `detail` is one of our own sentences. */
export const ProblemPage = ({ title, detail, frame }: { title: string; detail: string; frame: Frame | null }) => (
  <Page title={title} frame={frame}>
    <section class="narrow">
      <h1>{title}</h1>
      <p>{detail}</p>
      <p>
        <a href="/">To the overview</a>
      </p>
    </section>
  </Page>
)
