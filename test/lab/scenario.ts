import type { CauseClass, Mechanism, Profile, VerdictWord } from '../../schema/words.ts'

/**
 * One scenario: a target, what is done to it, and what is true of it then. Shell text sees $TARGET, $SCANNER, $SCAN_NET,
 * $SIBLING, $BAN_S and $LOG, and the functions of container/services/.
 */
export interface Scenario {
  name: string
  /** positive: the scanner is treated unlike others. control: it is not, whatever it looks like. */
  group: 'positive' | 'control'
  /** the defence or the fault, with its version */
  tool: string
  /** third-party: a defence that others wrote. recipe: a rule set from manuals. simulated: an event of ours. */
  real: 'third-party' | 'recipe' | 'simulated'
  /** programs and files without which the scenario is skipped */
  needs?: readonly string[]
  /** what is asked for, in nmap syntax */
  ports: string
  profile: Profile
  accompanySeconds?: number
  /** connects a second that the scan may make; the product's default otherwise */
  rate?: number
  /** how long a ban lasts: scaled down, and for real with `--full` */
  banSeconds?: { scaled: number; full: number }
  /** share of packets lost each way, beside the run's own loss */
  loss?: number
  /** the neighbour of the target is named as its anchor */
  anchored?: boolean
  /** brings services and defence up in the target's container; a status other than 0 is an error of the scenario */
  target: string
  /** the same on the router, before the scan */
  router?: string
  /** what happens while the scan runs; starts with the scan. Ends before the scan does, or is ended with it. */
  meanwhile?: (stage: Stage) => Promise<void>
  /** puts back what `meanwhile` did outside target and router */
  after?: (stage: Stage) => Promise<void>
  truth: Truth
  expect: Expected
  /** part of the quick subset */
  quick?: boolean
  /** takes twice as long as most: among the first that are begun */
  long?: boolean
}

export interface Truth {
  /** who is shut out or limited right now, by the defence's own word: every address of the laboratory in what this prints */
  list?: Shell
  /** what proves at the end that the event took place: prints something that fits */
  happened?: Shell & { fits: RegExp }
}
export interface Shell {
  on: 'target' | 'router'
  run: string
}

export interface Expected {
  /** the endpoints that it is about; every other port must be open, transient or phantom */
  ports: readonly number[]
  /** one of them is enough; the others may be open: found after the ban had run out, or before a limit took hold, or inconclusive */
  some?: boolean
  /** any of these is right on them */
  verdicts: readonly VerdictWord[]
  /** empty: nothing is said about the cause */
  classes: readonly CauseClass[]
  mechanisms: readonly Mechanism[]
  /** what other ports may be besides open, transient and phantom */
  others?: readonly VerdictWord[]
}

/** What a scenario can do while the scan runs. */
export interface Stage {
  target: string
  neighbour: string
  scanner: string
  sibling: string
  /** shell text inside the target's container, on the router, in a probe's namespace. @throws when it fails */
  onTarget(run: string): Promise<string>
  onRouter(run: string): Promise<string>
  inRole(role: string, run: string): Promise<string>
  /** Node code of test/lab/attacks.ts from the scanner's own address: `attack('hold', port, count, seconds)` */
  attack(...words: readonly (string | number)[]): Promise<string>
  /** resolves when the scan's progress says something that fits */
  progress(fits: RegExp): Promise<void>
  seconds(count: number): Promise<void>
}

/** Verdicts that are right where every source lost the endpoint, or may have. */
export const DOWN: readonly VerdictWord[] = ['service_down']

/** The words of a scenario, checked by the compiler. */
export const scenario = (words: Scenario): Scenario => words
