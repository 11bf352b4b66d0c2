import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const NODE = ['--disable-warning=ExperimentalWarning']
const GRACE_MS = 5_000

/** A process that we started. Its output is kept, to be shown when it fails. */
export interface Child {
  readonly pid: number
  /** what it runs, for people: never the whole command line, which may hold a token */
  readonly name: string
  /** resolves with the first line of its stdout that fits; rejects when it ends before */
  line(fits: RegExp, timeoutMs: number): Promise<string>
  /** the last of what it said */
  output(): string
  hasEnded(): boolean
  exited: Promise<number | null>
  kill(signal: NodeJS.Signals): void
  /** SIGTERM, and after five seconds SIGKILL; resolves when it is gone */
  stop(): Promise<void>
}

/** Starts `node FILE ARGS…`. What it says is kept, the last 200 lines, and shown to nobody. */
export function startNode(root: string, args: readonly string[], env: Record<string, string> = {}): Child {
  const process_ = spawn(process.execPath, [...NODE, ...args], {
    cwd: root,
    // Stripped and compiled once for all of them: each starts faster, and smaller.
    env: { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/portwitness'), ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  const listeners = new Set<(line: string) => void>()
  const hear = (line: string) => {
    said.push(line)
    if (said.length > 200) said.shift()
    for (const listener of listeners) listener(line)
  }
  createInterface({ input: process_.stdout }).on('line', hear)
  createInterface({ input: process_.stderr }).on('line', hear)
  const exited = new Promise<number | null>((resolve) => {
    process_.once('error', (error) => {
      hear(error.message)
      resolve(1)
    })
    process_.once('exit', (code) => resolve(code))
  })
  return {
    pid: process_.pid ?? 0,
    name: args.slice(0, 2).join(' '),
    exited,
    output: () => said.join('\n'),
    hasEnded: () => process_.exitCode !== null || process_.signalCode !== null,
    kill: (signal) => void process_.kill(signal),
    line: (fits, timeoutMs) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void) => {
          clearTimeout(timer)
          listeners.delete(listener)
          act()
        }
        const listener = (line: string) => {
          if (fits.test(line)) finish(() => resolve(line))
        }
        const fail = (why: string) =>
          finish(() => reject(new Error(`${args[0]} ${why}. It said: ${said.join('\n') || 'nothing'}`)))
        const timer = setTimeout(() => fail(`did not say ${fits} within ${timeoutMs / 1_000} s`), timeoutMs)
        listeners.add(listener)
        const already = said.find((line) => fits.test(line))
        if (already !== undefined) listener(already)
        void exited.then((code) => fail(`ended with ${code}`))
      }),
    stop: () => stop(process_, exited),
  }
}

async function stop(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
  await exited
  clearTimeout(timer)
}
