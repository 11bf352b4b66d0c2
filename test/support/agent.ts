import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AgentOptions, type LogLine, runAgent } from '../../probe-node/agent.ts'
import type { ScanPlan, TouchPlan } from '../../schema/wire.ts'
import { type FakeDesk, TARGET_ID } from './fake-desk.ts'

export const AGENT_ADDRESS = '127.0.0.7'

/** A whole agent in this process, against a fake desk. Disposing stops it and removes its data. */
export async function agentFor(desk: Pick<FakeDesk, 'url'>, more: Partial<AgentOptions> = {}) {
  const dataDir = more.dataDir ?? (await mkdtemp(join(tmpdir(), 'portwitness-agent-')))
  const lines: LogLine[] = []
  const start = () => {
    const controller = new AbortController()
    const over = runAgent(
      {
        url: desk.url,
        token: 'one-use',
        dataDir,
        sourceAddress: AGENT_ADDRESS,
        allowPrivate: true,
        log: (line) => lines.push(line),
        ...more,
      },
      controller.signal,
    )
    over.catch(() => {})
    return { controller, over }
  }
  let running = start()
  const stop = async () => {
    running.controller.abort()
    await running.over.catch(() => {})
  }
  return {
    dataDir,
    lines,
    over: () => running.over,
    stop,
    /** as after a crash and a new start, without the token */
    start() {
      more = { ...more, token: null }
      running = start()
    },
    async [Symbol.asyncDispose]() {
      await stop()
      if (!more.dataDir) await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export const scanPlan = (more: Partial<ScanPlan>): ScanPlan => ({
  kind: 'scan',
  targetId: TARGET_ID,
  addresses: ['127.0.0.9'],
  name: null,
  ports: '1-100',
  profile: 'discovery',
  maxConnectsPerSecond: 100_000,
  accompanySeconds: null,
  only: null,
  known: [],
  discovered: false,
  beacons: [],
  ...more,
})

export const touchPlan = (more: Partial<TouchPlan>): TouchPlan => ({
  kind: 'verify',
  targetId: TARGET_ID,
  name: null,
  steps: [],
  standing: false,
  beacons: [],
  ...more,
})

/** Waits until this is true; fails after ten seconds, or so long, with what was waited for. */
export async function until(what: string, isTrue: () => boolean, ms = 10_000): Promise<void> {
  const giveUpAt = performance.now() + ms
  while (!isTrue()) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
