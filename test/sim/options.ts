import { parseArgs } from 'node:util'

export interface Options {
  runs: number
  /** part of a scenario's name; '' for all */
  scenario: string
  seed: number
  markdown: boolean
  threads: number
  losses: readonly number[]
  ablations: boolean
}

/** What was asked for on the command line. Throws where a number is none. */
export function optionsOf(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', default: '1000' },
      scenario: { type: 'string', default: '' },
      seed: { type: 'string', default: '1' },
      loss: { type: 'string', default: '1,5,20' },
      threads: { type: 'string', default: '2' },
      markdown: { type: 'boolean', default: false },
      'no-ablations': { type: 'boolean', default: false },
    },
  })
  const whole = (name: 'runs' | 'seed' | 'threads', least: number): number => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < least) throw new Error(`--${name} must be a whole number from ${least} on`)
    return value
  }
  const losses = values.loss.split(',').map((text) => Number(text) / 100)
  if (losses.some((loss) => !(loss >= 0 && loss < 1))) throw new Error('--loss must be per cents, such as 1,5,20')
  return {
    runs: whole('runs', 1),
    scenario: values.scenario,
    seed: whole('seed', 0),
    markdown: values.markdown,
    threads: whole('threads', 1),
    losses,
    ablations: !values['no-ablations'],
  }
}
