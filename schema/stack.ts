/** What the operator may know of the whole stack: is it set up, does it tick, is anything stuck. */
import * as v from 'valibot'

/** The newest file of schema/migrations that this code needs; a test holds it to the folder. */
export const NEWEST_MIGRATION = '0014_ended_sessions.sql'

/** Secrets and variables of a Worker, and what goes without each. Which of them are set is told, never what they hold. */
export const SETUP = {
  channelKey: 'CHANNEL_KEY seals the URLs and secrets of channels: without it none can be added or told',
  rangeSigningKey: 'RANGE_SIGNING_KEY signs the published address ranges: without it they say that they are unsigned',
  publicUrl:
    'PUBLIC_URL is where others reach this Worker: without it notices carry no links, and published files name the asked host',
  contact: 'CONTACT is whom owners of scanned hosts may write to: without it probing.txt names only this Worker',
} as const
export type SetupName = keyof typeof SETUP

const count = v.number()
const time = v.string()

export const StackAnswer = v.object({
  now: time,
  migrations: v.object({ newest: v.string(), applied: v.nullable(v.string()) }),
  /** true where it is set */
  setup: v.object({
    channelKey: v.boolean(),
    rangeSigningKey: v.boolean(),
    publicUrl: v.boolean(),
    contact: v.boolean(),
  }),
  /** the key of the first start is still accepted */
  bootstrapKey: v.boolean(),
  stopped: v.boolean(),
  allowPrivate: v.boolean(),
  cron: v.object({ lastTickAt: v.nullable(time), ageSeconds: v.nullable(count) }),
  scans: v.object({ waiting: count, running: count }),
  runs: v.object({ due: count, leased: count, oldestDueSeconds: count }),
  issues: v.object({ open: count }),
  outbox: v.object({ unspread: count, oldestSeconds: count }),
  deliveries: v.object({ open: count, oldestSeconds: count }),
  channels: v.object({ active: count, off: count }),
  probes: v.object({ online: count, fit: count, offline: count, drained: count }),
  sites: v.array(v.object({ site: v.string(), online: count })),
})
export type StackAnswer = v.InferOutput<typeof StackAnswer>
