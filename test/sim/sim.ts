/**
 * The simulator: labelled scans of a seeded network in virtual time, decided by the real core.
 * `npm run sim [-- --runs N] [-- --scenario NAME] [-- --seed S] [-- --markdown]`, also `--loss 1,5,20`, `--threads N`,
 * `--no-ablations`. Stopped by Ctrl-C it tells what it has. See README.md beside this file.
 */
import { closeWith } from '../bench/table.ts'
import { dice } from '../support/packets.ts'
import { carryOutAll } from './crew.ts'
import type { Job } from './jobs.ts'
import { play } from './line/play.ts'
import { optionsOf } from './options.ts'
import { ABLATIONS } from './report/ablations.ts'
import { report } from './report/report.ts'
import type { Measured } from './report/targets.ts'
import { SCENARIOS } from './scenarios/index.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { type Count, emptyCount, merge } from './score/count.ts'
import { takesHypotheses } from './score/judge.ts'

/** Runs that a thread does at a time. */
const PORTION = 100
/** Ablations are compared, not certified: fewer runs will do. */
const ABLATION_SHARE = 20

const options = asked()
const startedAt = performance.now()
const scenarios = SCENARIOS.filter(({ name }) => name.toLowerCase().includes(options.scenario.toLowerCase()))
if (scenarios.length === 0) {
  console.error(
    `no scenario has “${options.scenario}” in its name; there are:\n${SCENARIOS.map(({ name }) => name).join('\n')}`,
  )
  process.exit(2)
}
const canLeaveOut = probe()

const variants = ABLATIONS.filter(({ name }) => options.ablations || name === ABLATIONS[0]?.name)
const key = (variant: string, scenario: string, loss: number) => `${variant}|${scenario}|${loss}`
const counts = new Map<string, Count>()
const jobs: { job: Job; key: string }[] = []
for (const { name: variant, without } of variants) {
  const isFull = variant === ABLATIONS[0]?.name
  const runs = isFull ? options.runs : Math.max(1, Math.ceil(options.runs / ABLATION_SHARE))
  for (const { name: scenario } of scenarios)
    for (const loss of options.losses) {
      counts.set(key(variant, scenario, loss), emptyCount())
      for (let from = 0; from < runs; from += PORTION)
        jobs.push({
          key: key(variant, scenario, loss),
          job: {
            scenario,
            loss,
            from,
            to: Math.min(runs, from + PORTION),
            seed: options.seed,
            without,
            leaveOut: isFull && canLeaveOut,
          },
        })
    }
}

// Every scenario a little before any of them in full: stopped early, the tables still speak of all.
jobs.sort((a, b) => a.job.from - b.job.from)

let done = 0
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    console.error(`stopped after ${done} of ${jobs.length} portions; this is what they came to`)
    stop.abort()
  })
const progress = setInterval(
  () => console.error(`${done} of ${jobs.length} portions, ${Math.round((performance.now() - startedAt) / 1_000)} s`),
  60_000,
)
const keyOf = new Map(jobs.map(({ job, key: name }) => [job, name]))
await carryOutAll(
  jobs.map(({ job }) => job),
  options.threads,
  (job, count) => {
    merge(counts.get(keyOf.get(job) as string) as Count, count)
    done++
  },
  stop.signal,
)
clearInterval(progress)

const cellsOf = (variant: string): Measured[] =>
  scenarios.flatMap((scenario) =>
    options.losses.map((loss) => ({ scenario, loss, count: counts.get(key(variant, scenario.name, loss)) as Count })),
  )
const short = report(
  {
    scenarios,
    cells: cellsOf(ABLATIONS[0]?.name as string),
    ablations: options.ablations ? variants.map(({ name }) => ({ name, cells: cellsOf(name) })) : [],
    canLeaveOut,
    seconds: (performance.now() - startedAt) / 1_000,
  },
  options,
)
closeWith('sim', done < jobs.length ? [`stopped after ${done} of ${jobs.length} portions`, ...short] : short)

/** The options; a mistake in them ends with a word and 2. */
function asked() {
  try {
    return optionsOf(process.argv.slice(2))
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
}

/** Whether the engine can be asked without some of its hypotheses: tried on one blocked scan. */
function probe(): boolean {
  const { draw } = SCENARIOS[0] as Scenario
  const roll = dice(1)
  const { facts, endAt } = play({ ...draw(roll).setting, recoverMs: 0 }, 0, roll)
  return takesHypotheses(facts, endAt)
}
