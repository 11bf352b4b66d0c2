import type { Command } from './command.ts'

/** One file per command, loaded when it is asked for: a command starts faster without the others. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  worker: async () => (await import('./worker.ts')).worker,
  enrol: async () => (await import('./enrol.ts')).enrol,
  probe: async () => (await import('./probe.ts')).probe,
  beacon: async () => (await import('./beacon.ts')).beacon,
  scan: async () => (await import('./scan.ts')).scan,
  verify: async () => (await import('./verify.ts')).verify,
  prove: async () => (await import('./prove.ts')).prove,
  issues: async () => (await import('./issues.ts')).issues,
  probes: async () => (await import('./probes.ts')).probes,
  channels: async () => (await import('./channels.ts')).channels,
  ranges: async () => (await import('./ranges.ts')).ranges,
  token: async () => (await import('./token.ts')).token,
  export: async () => (await import('./export.ts')).exportAll,
  restore: async () => (await import('./restore.ts')).restore,
  doctor: async () => (await import('./doctor.ts')).doctor,
  keys: async () => (await import('./keys.ts')).keys,
  tenants: async () => (await import('./tenants.ts')).tenants,
  canaries: async () => (await import('./canaries.ts')).canaries,
  ceilings: async () => (await import('./ceilings.ts')).ceilings,
  letters: async () => (await import('./letters.ts')).letters,
  audit: async () => (await import('./audit.ts')).audit,
  'stop-all': async () => (await import('./stop-all.ts')).stopAll,
}
