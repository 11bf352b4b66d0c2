import { Page } from './layout.tsx'
import type { Frame } from './views.ts'

export interface ApiCall {
  method: string
  path: string
  does: string
  parameters: readonly { name: string; detail: string }[]
  /** the shape of its body as JSON Schema; null where it has none */
  body: string | null
}
export interface CallGroup {
  name: string
  calls: readonly ApiCall[]
}

export interface ApiPageProps {
  frame: Frame | null
  about: string
  groups: readonly CallGroup[]
  /** of the events that webhooks get */
  events: readonly { name: string; path: string }[]
}

/** Every call of the API, for people. */
export const ApiPage = ({ frame, about, groups, events }: ApiPageProps) => (
  <Page title="API" frame={frame}>
    <h1>API</h1>
    <p class="lead">
      {about} The same as a machine reads it: <a href="/openapi.json">/openapi.json</a>.
    </p>
    <p class="measure">
      Each call needs <code>Authorization: Bearer pw_…</code> unless it is public. Errors are RFC 9457 problems. Events,
      as webhooks get them:{' '}
      {events.map(({ name, path }, i) => (
        <>
          {i > 0 && ', '}
          <a href={path}>
            <code>{name}</code>
          </a>
        </>
      ))}
      .
    </p>
    <nav aria-label="What calls are about">
      <ul class="about">
        {groups.map(({ name }) => (
          <li>
            <a href={`#${idOf(name)}`}>{name}</a>
          </li>
        ))}
      </ul>
    </nav>
    {groups.map(({ name, calls }) => (
      <section id={idOf(name)}>
        <h2>{name}</h2>
        <dl class="calls">
          {calls.map((call) => (
            <Call {...call} />
          ))}
        </dl>
      </section>
    ))}
  </Page>
)

const idOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '-')

/** What stands between back quotes is code. */
const Coded = ({ text }: { text: string }) => (
  <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part))}</>
)

const Call = ({ method, path, does, parameters, body }: ApiCall) => (
  <div>
    <dt>
      <code>
        <span class={`method ${method.toLowerCase()}`}>{method}</span> {path}
      </code>
    </dt>
    <dd>
      <Coded text={does} />
      {parameters.length > 0 && (
        <p class="dim">
          Parameters:{' '}
          {parameters.map(({ name, detail }, i) => (
            <>
              {i > 0 && ', '}
              <code>{name}</code>
              {detail && (
                <>
                  {' '}
                  (<Coded text={detail} />)
                </>
              )}
            </>
          ))}
        </p>
      )}
      {body && (
        <details>
          <summary>Body</summary>
          {/* What scrolls must be reachable by keyboard (WCAG 2.1.1): hence the tabindex. */}
          <pre class="text" tabindex={0}>
            {body}
          </pre>
        </details>
      )}
    </dd>
  </div>
)
