import { existsSync, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Scenario } from './scenario.ts'

/** Programs and files that a scenario needs and that are not on this machine. */
export const missingOf = ({ needs = [] }: Pick<Scenario, 'needs'>): string[] => needs.filter((need) => !isHere(need))

const isHere = (need: string): boolean =>
  need.startsWith('/')
    ? globSync(need).length > 0
    : (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, need)))
