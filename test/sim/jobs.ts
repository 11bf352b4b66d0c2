import { dice } from '../support/packets.ts'
import { play } from './line/play.ts'
import type { Without } from './line/setting.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { type Count, emptyCount } from './score/count.ts'
import { score } from './score/score.ts'

/** Some runs of one scenario at one loss: what a thread does at a time. Plain data. */
export interface Job {
  scenario: string
  loss: number
  from: number
  to: number
  seed: number
  without: Without
  leaveOut: boolean
}

/** Recovery goes on for hours: it is followed in one run of so many. */
const RECOVERY_EVERY = 10

export async function carryOut({ scenario: name, loss, from, to, seed, without, leaveOut }: Job): Promise<Count> {
  const scenario = SCENARIOS.find((one) => one.name === name)
  if (!scenario) throw new Error(`no scenario is named ${name}`)
  const count = emptyCount()
  const before = process.threadCpuUsage()
  for (let i = from; i < to; i++) {
    const roll = dice(seedOf(`${seed}|${name}|${loss}|${i}`))
    const { setting, focus } = scenario.draw(roll)
    const followed = i % RECOVERY_EVERY === 0 ? setting : { ...setting, recoverMs: 0 }
    score(count, scenario, focus, play(followed, loss, roll, without), leaveOut)
    // What the probe's code awaits is over by now; nothing of a run is kept.
    await Promise.resolve()
  }
  const { user, system } = process.threadCpuUsage(before)
  count.cpuMs = (user + system) / 1_000
  return count
}

/** 32-bit FNV-1a: near names give far seeds. */
function seedOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}
