import { beacon } from './beacon.ts'
import type { Command } from './command.ts'
import { enrol } from './enrol.ts'
import { issues } from './issues.ts'
import { probe } from './probe.ts'
import { probes } from './probes.ts'
import { ranges } from './ranges.ts'
import { scan } from './scan.ts'
import { stopAll } from './stop-all.ts'
import { worker } from './worker.ts'

export const COMMANDS: Readonly<Record<string, Command>> = {
  worker,
  enrol,
  probe,
  beacon,
  scan,
  issues,
  probes,
  ranges,
  'stop-all': stopAll,
}
