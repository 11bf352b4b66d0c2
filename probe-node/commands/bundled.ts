import { beacon } from './beacon.ts'
import type { Command } from './command.ts'
import { doctor } from './doctor.ts'
import { probe } from './probe.ts'

/** The commands of the one-file probe (packaging/probe.ts puts this in the place of index.ts): what a probe machine needs. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  probe: async () => probe,
  beacon: async () => beacon,
  doctor: async () => doctor,
}
