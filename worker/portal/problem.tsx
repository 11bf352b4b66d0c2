import { Page } from './layout.tsx'
import type { Frame } from './views.ts'

export interface Problem {
  title: string
  /** one of our own sentences */
  detail: string
  frame: Frame | null
  /** what was asked for: the list in which it would stand is offered */
  path?: string
  /** each field that is wrong, where a form was filled in */
  faults?: readonly { field: string; detail: string }[]
}

/** Any answer that is not success, for people. */
export const ProblemPage = ({ title, detail, frame, path = '', faults = [] }: Problem) => (
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
      <Onward frame={frame} path={path} />
    </section>
  </Page>
)

/** The lists under which pages stand, by the first part of their path. */
const LISTS: Readonly<Record<string, string>> = {
  targets: 'All targets',
  proofs: 'All targets',
  scans: 'All scans',
  issues: 'All issues',
  fleet: 'The fleet',
  channels: 'All channels',
  keys: 'All keys',
}

/** Where to go from here: the list that the page would have stood in, and where everything begins. */
const Onward = ({ frame, path }: { frame: Frame | null; path: string }) => {
  const first = path.split('/')[1] ?? ''
  const list = frame && Object.hasOwn(LISTS, first) ? LISTS[first] : undefined
  return (
    <p>
      {list && (
        <>
          <a href={first === 'proofs' ? '/targets' : `/${first}`}>{list}</a> ·{' '}
        </>
      )}
      <a href="/">To the overview</a>
    </p>
  )
}
