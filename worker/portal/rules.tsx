import type { CauseClass, Mechanism } from '../../schema/words.ts'
import { CAUSE_CLASSES, EXPERIMENTS as EXPERIMENT_IDS } from '../../schema/words.ts'
import { HYPOTHESES, LOOKALIKES } from '../core/causes.ts'
import { EXPERIMENTS } from '../core/experiments/choose.ts'
import type { FeatureName } from '../core/features/feature.ts'
import type { Hypothesis } from '../core/hypothesis.ts'
import { RULE_LIST, RULES_VERSION, type Rule, type RuleId } from '../core/rules.ts'
import { listed, percent } from '../core/text.ts'
import { Page } from './layout.tsx'
import { VerdictBadge } from './parts/badge.tsx'
import type { DataColumn } from './parts/listing.tsx'
import { EXPERIMENT, FEATURE, GROUP, GROUP_OF, RULE_GROUPS, type RuleGroup, VERDICT_OF } from './rule-words.ts'
import type { Frame } from './views.ts'
import { CAUSE, MECHANISM, spoken } from './words.ts'

type Known = Rule & { id: RuleId }

/** Every rule that evidence can name, every cause and experiment: a link from a verdict leads to a sentence and its source. */
export const RulesPage = ({ frame }: { frame: Frame | null }) => (
  <Page title="Rules" frame={frame}>
    <h1>Rules</h1>
    <p class="lead measure">
      What a verdict may rest on. Probes report facts; these rules, version {RULES_VERSION}, turn them into verdicts and
      causes. A stored scan can be judged again when they change.
    </p>
    <p class="measure dim">
      E weighs how badly the scanner fares beside the others. If it fared no worse, E would reach 100 in at most one
      case of 100 and 1,000 in at most one of 1,000, whatever the packet loss.
    </p>
    <Index />
    {RULE_GROUPS.map((group) => (
      <GroupOfRules group={group} />
    ))}
    <section aria-labelledby="experiments">
      <h2 id="experiments">Experiments</h2>
      <p class="dim measure">
        Small plans that tell causes apart. The one that tells most for the fewest connects is made first, within 70
        connects to the lost port by all sources together.
      </p>
      <dl class="rules">
        {EXPERIMENT_IDS.map((id) => (
          <ExperimentEntry id={id} />
        ))}
      </dl>
    </section>
    <section aria-labelledby="causes">
      <h2 id="causes">Causes</h2>
      <p class="dim measure">
        Each cause says what it would make us see. What was seen is weighed against all causes that the verdict allows;
        what a cause does not mention counts as it does for most. Shares are probabilities; “weight” is how common a
        cause is among lost ports before anything is seen.
      </p>
      {CAUSE_CLASSES.map((word) => (
        <CauseEntry word={word} />
      ))}
    </section>
    <p class="under">
      <span>
        Rules as a file: <a href="/rules?format=csv">CSV</a>, <a href="/rules?format=jsonl">JSON Lines</a>
      </span>
    </p>
  </Page>
)

/** All anchors in one place: find one with the browser’s own search. */
const Index = () => (
  <nav class="rule-index card" aria-label="On this page">
    {RULE_GROUPS.map((group) => (
      <div>
        <a href={`#${group}`}>{GROUP[group].name}</a>
        <p>
          {rulesOf(group).map(({ id }) => (
            <>
              <a href={`#${id}`}>{id}</a>{' '}
            </>
          ))}
        </p>
      </div>
    ))}
    <div>
      <a href="#experiments">Experiments</a>
      <p>
        {EXPERIMENT_IDS.map((id) => (
          <>
            <a href={`#${id}`}>{id}</a>{' '}
          </>
        ))}
      </p>
    </div>
    <div>
      <a href="#causes">Causes</a>
      <p>
        {CAUSE_CLASSES.map((word) => (
          <>
            <a href={`#cause-${word}`}>{CAUSE[word].name}</a>{' '}
          </>
        ))}
      </p>
    </div>
  </nav>
)

const rulesOf = (group: RuleGroup): Known[] => RULE_LIST.filter(({ id }) => GROUP_OF[id] === group)

const GroupOfRules = ({ group }: { group: RuleGroup }) => (
  <section aria-labelledby={group}>
    <h2 id={group}>{GROUP[group].name}</h2>
    <p class="dim measure">{GROUP[group].sentence}</p>
    <dl class="rules">
      {rulesOf(group).map((rule) => (
        <RuleEntry rule={rule} />
      ))}
    </dl>
  </section>
)

const RuleEntry = ({ rule }: { rule: Known }) => {
  const verdict = VERDICT_OF[rule.id]
  const weighed = (Object.keys(FEATURE) as FeatureName[]).filter((name) => FEATURE[name].rule === rule.id)
  const tried = EXPERIMENT_IDS.filter((id) => EXPERIMENT[id].rules.includes(rule.id))
  return (
    <div id={rule.id}>
      <dt>
        <a href={`#${rule.id}`}>{rule.id}</a>
      </dt>
      <dd>
        {rule.sentence} {verdict && <VerdictBadge verdict={verdict} />}
        {weighed.length > 0 && (
          <p class="small">
            It weighs {listed(weighed.map((name) => `${FEATURE[name].name}`))}: {listed(weighingMost(weighed))}.
          </p>
        )}
        {tried.length > 0 && (
          <p class="small">
            Shown by{' '}
            {tried.map((id, i) => (
              <>
                {i > 0 && ', '}
                <a href={`#${id}`}>{`${id} ${EXPERIMENT[id].name.toLowerCase()}`}</a>
              </>
            ))}
            .
          </p>
        )}
        <p class="dim small">Source: {rule.source}</p>
      </dd>
    </div>
  )
}

/** Of how many causes a feature is told, in words. */
const weighingMost = (features: readonly FeatureName[]): string[] => {
  const causes = HYPOTHESES.filter(({ expects }) => features.some((name) => expects[name] !== undefined))
  const names = [...new Set(causes.map(({ class: word }) => CAUSE[word].name.toLowerCase()))]
  return names.length > 5
    ? [`${causes.length} of ${HYPOTHESES.length} pictures of causes say what it should be`]
    : names
}

const ExperimentEntry = ({ id }: { id: (typeof EXPERIMENT_IDS)[number] }) => {
  const { name, does, cost, rules } = EXPERIMENT[id]
  const separates = EXPERIMENTS.find((one) => one.id === id)?.separates ?? []
  return (
    <div id={id}>
      <dt>
        <a href={`#${id}`}>{id}</a>
      </dt>
      <dd>
        <strong>{name}.</strong> {does}
        {separates.length > 0 && (
          <p class="small">
            It tells apart{' '}
            {separates.map((group, i) => (
              <>
                {i > 0 && ' from '}
                <Mechanisms words={group} />
              </>
            ))}
            .
          </p>
        )}
        <p class="small">
          {cost}. What it shows is named as{' '}
          {rules.map((rule, i) => (
            <>
              {i > 0 && ', '}
              <a href={`#${rule}`}>{rule}</a>
            </>
          ))}
          .
        </p>
      </dd>
    </div>
  )
}

const Mechanisms = ({ words }: { words: readonly Mechanism[] }) => (
  <span>
    (
    {words.map((word, i) => (
      <>
        {i > 0 && ', '}
        {HYPOTHESES.some(({ mechanism }) => mechanism === word) ? (
          <a href={`#${word}`}>{MECHANISM[word]}</a>
        ) : (
          MECHANISM[word]
        )}
      </>
    ))}
    )
  </span>
)

const CauseEntry = ({ word }: { word: CauseClass }) => {
  const all = HYPOTHESES.filter((one) => one.class === word)
  const mechanisms = [...new Set(all.map(({ mechanism }) => mechanism))]
  return (
    <details class="cause card" id={`cause-${word}`}>
      <summary>
        <h3>{CAUSE[word].name}</h3> {CAUSE[word].sentence}{' '}
        <span class="dim">{mechanisms.length === 0 ? 'Told by the verdict alone.' : mechanismNames(mechanisms)}</span>
      </summary>
      {mechanisms.map((mechanism) => (
        <Pictures mechanism={mechanism} ways={all.filter((one) => one.mechanism === mechanism)} />
      ))}
    </details>
  )
}

const Pictures = ({ mechanism, ways }: { mechanism: Mechanism | null; ways: readonly Hypothesis[] }) => (
  <section class="picture" id={mechanism ?? undefined}>
    <h4>{mechanism === null ? 'No mechanism named' : MECHANISM[mechanism]}</h4>
    {mechanism !== null && <Alike mechanism={mechanism} />}
    {ways.map((way, i) => (
      <Picture way={way} name={ways.length > 1 ? `One of ${ways.length} ways in which it shows: ${i + 1}` : null} />
    ))}
  </section>
)

const mechanismNames = (words: readonly (Mechanism | null)[]): string =>
  words.flatMap((word) => (word === null ? [] : [MECHANISM[word]])).join(', ')

/** What it cannot be told from when durations and thresholds are set by hand. */
const Alike = ({ mechanism }: { mechanism: Mechanism }) => {
  const others = [...new Set(LOOKALIKES.filter((group) => group.includes(mechanism)).flat())].filter(
    (word) => word !== mechanism,
  )
  return others.length === 0 ? null : (
    <p class="dim small">From outside it can look like {listed(others.map((word) => MECHANISM[word]))}.</p>
  )
}

const Picture = ({ way, name }: { way: Hypothesis; name: string | null }) => (
  <>
    {name !== null && <p class="dim small">{name}</p>}
    <dl class="expects">
      <div>
        <dt>weight</dt>
        <dd>{way.prior}</dd>
      </div>
      {(Object.entries(way.expects) as [FeatureName, Record<string, number>][]).map(([feature, values]) => (
        <div>
          <dt>
            <a href={`#${FEATURE[feature].rule}`}>{FEATURE[feature].name}</a>
          </dt>
          <dd>
            {Object.entries(values)
              .toSorted(([, a], [, b]) => b - a)
              .map(([value, share]) => `${spoken(value)} ${percent(share)}`)
              .join(', ')}
          </dd>
        </div>
      ))}
    </dl>
  </>
)

export const RULE_COLUMNS: readonly DataColumn<Known>[] = [
  { key: 'id', name: 'Rule', cell: ({ id }) => id, value: ({ id }) => id },
  { key: 'group', name: 'Group', cell: ({ id }) => GROUP_OF[id], value: ({ id }) => GROUP[GROUP_OF[id]].name },
  { key: 'verdict', name: 'Verdict', cell: ({ id }) => VERDICT_OF[id], value: ({ id }) => VERDICT_OF[id] ?? null },
  { key: 'sentence', name: 'Sentence', cell: ({ sentence }) => sentence, value: ({ sentence }) => sentence },
  { key: 'source', name: 'Source', cell: ({ source }) => source, value: ({ source }) => source },
  { key: 'version', name: 'Version', cell: () => RULES_VERSION, value: () => RULES_VERSION },
]
