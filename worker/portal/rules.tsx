import { RULE_LIST, RULES_VERSION } from '../core/rules.ts'
import { Page } from './layout.tsx'
import type { Frame } from './views.ts'

/** Every rule that evidence can name, so that a link from a verdict leads to a sentence and its source. */
export const RulesPage = ({ frame }: { frame: Frame | null }) => (
  <Page title="Rules" frame={frame}>
    <h1>Rules</h1>
    <p class="lead">
      What a verdict may rest on. Probes report facts; these rules, version {RULES_VERSION}, turn them into verdicts and
      causes. A stored scan can be judged again when they change.
    </p>
    <dl class="rules">
      {RULE_LIST.map((rule) => (
        <div id={rule.id}>
          <dt>
            <a href={`#${rule.id}`}>{rule.id}</a>
          </dt>
          <dd>
            {rule.sentence} <span class="dim">{rule.source}</span>
          </dd>
        </div>
      ))}
    </dl>
  </Page>
)
