import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Child } from '../../demo/children.ts'
import { freePort, quietWindow } from '../../demo/loopback.ts'
import {
  type DemoHost,
  FLEET,
  probesReady,
  type RunningWorker,
  startDemoHost,
  startProbe,
  startWorker,
} from '../../demo/stack.ts'
import type { Api } from '../../probe-node/commands/api.ts'
import type { ScanAnswer } from '../../schema/api.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Daily, twelve hours from now: a scan that the schedule starts would take the place of one that a test starts. */
export const NOT_NOW = `15 ${(new Date().getUTCHours() + 12) % 24} * * *`
/** ports of a scan: three of them are the demo host's */
const WINDOW = 500

/** A Worker, the five probes of the demo fleet, and demo hosts, each a process of its own. All end with it. */
export interface Stack {
  worker: RunningWorker
  /** by source address, `127.0.0.11` … */
  probes: Map<string, Child>
  /** kill -9, and a new Worker on the same folder and port */
  restartWorker(): Promise<void>
  /** kill -9, and a new probe on the same folder */
  restartProbe(sourceAddress: string): Promise<void>
  demoHost(address: string, ...options: string[]): Promise<DemoHost & { window: string }>
  /** `portwitness ARGS…` with this Worker's address and key */
  portwitness(...args: string[]): Command
  [Symbol.asyncDispose](): Promise<void>
}

export interface Command {
  /** resolves when it ended */
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>
  /** resolves when its stderr says this */
  says(text: string): Promise<void>
  interrupt(): void
}

export async function startStack(...options: string[]): Promise<Stack> {
  const data = await mkdtemp(join(tmpdir(), 'portwitness-stack-'))
  // Files run side by side: each process looks for a port in a stretch of its own.
  const { port } = await freePort('127.0.0.1', 21_000 + (process.pid % 40) * 25)
  const started: Child[] = []
  const dispose = async () => {
    await Promise.all(started.map((child) => child.stop()))
    await rm(data, { recursive: true, force: true })
  }
  const keep = <T extends Child>(child: T): T => {
    started.push(child)
    return child
  }
  try {
    const open = async () => {
      const worker = await startWorker(ROOT, join(data, 'worker'), port, options)
      keep(worker.child)
      return worker
    }
    const stack: Stack = {
      worker: await open(),
      probes: new Map(),
      async restartWorker() {
        stack.worker.child.kill('SIGKILL')
        await stack.worker.child.exited
        stack.worker = await open()
      },
      async restartProbe(sourceAddress) {
        const child = stack.probes.get(sourceAddress)
        child?.kill('SIGKILL')
        await child?.exited
        await startMember(sourceAddress)
      },
      async demoHost(address, ...flags) {
        const { from, to } = await quietWindow(address, WINDOW)
        const host = await startDemoHost(ROOT, address, ['--from', `${from}`, '--to', `${to}`, ...flags])
        keep(host.child)
        return { ...host, window: `${from}-${to}` }
      },
      portwitness: (...args) =>
        portwitness(args, { PORTWITNESS_URL: stack.worker.url, PORTWITNESS_KEY: stack.worker.key }),
      [Symbol.asyncDispose]: dispose,
    }
    const startMember = async (sourceAddress: string) => {
      const member = FLEET.find((it) => it.sourceAddress === sourceAddress)
      if (!member) throw new Error(`no probe ${sourceAddress} in the fleet`)
      stack.probes.set(sourceAddress, keep(await startProbe(ROOT, stack.worker, member, join(data, sourceAddress))))
    }
    for (const member of FLEET) await startMember(member.sourceAddress)
    await probesReady(stack.worker.api, FLEET.length, 90_000)
    return stack
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Runs the command as a user does, in Node 24. */
export function portwitness(args: readonly string[], env: Record<string, string> = {}): Command {
  const child = spawn('node', [join(ROOT, 'bin/portwitness.mjs'), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  })
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  child.stdout.on('data', (bytes) => {
    stdout += bytes
  })
  child.stderr.on('data', (bytes) => {
    stderr += bytes
    for (const listener of listeners) listener()
  })
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  return {
    ended,
    interrupt: () => void child.kill('SIGINT'),
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!stderr.includes(text)) return
          listeners.delete(look)
          resolve()
        }
        listeners.add(look)
        look()
        void ended.then(() => reject(new Error(`it never said '${text}':\n${stderr}${stdout}`)))
      }),
  }
}

/** The stored observations of a scan, as the API lists them. */
export const observationsOf = async <T>(api: Api, scanId: string): Promise<T[]> =>
  (await api.text(`/api/v1/scans/${scanId}/observations`))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T)

export const scanOf = (stdout: string): ScanAnswer => JSON.parse(stdout) as ScanAnswer
