import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A process by more than its number, which the system gives out again: its start time and command line must agree too. */
interface Identity {
  pid: number
  startedAt: string
  command: string
}
interface Entry {
  host: Identity
  runtime: Identity | null
}

export interface Claim {
  /** to be called after each start of workerd: notes which process it is */
  runtimeStarted(): void
  release(): void
}

/**
 * Claims a data folder for this process, so that two Workers never write one database.
 * `workerd` outlives a host that was killed with -9; what such a host left behind is ended first.
 * @throws when another live Worker holds the folder
 */
export function claim(directory: string): Claim {
  mkdirSync(directory, { recursive: true })
  const path = join(directory, 'host.json')
  const earlier = readClaim(path)
  if (earlier && earlier.host.pid !== process.pid && isAlive(earlier.host)) {
    throw new Error(`${directory} is in use by another Worker (process ${earlier.host.pid}).`)
  }
  if (earlier?.runtime && isAlive(earlier.runtime)) end(earlier.runtime)
  const host = identify(process.pid)
  if (!host) throw new Error('This system does not tell about its processes (no /proc and no ps).')
  const write = (runtime: Identity | null) =>
    writeFileSync(path, `${JSON.stringify({ host, runtime } satisfies Entry)}\n`, { mode: 0o600 })
  write(null)
  return {
    runtimeStarted: () => write(childWorkerd()),
    release: () => rmSync(path, { force: true }),
  }
}

function readClaim(path: string): Entry | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Entry
  } catch {
    return null // never claimed, or killed while writing: then nothing had been started yet
  }
}

function isAlive(process: Identity): boolean {
  const now = identify(process.pid)
  return now !== null && now.startedAt === process.startedAt && now.command === process.command
}

function end(orphan: Identity): void {
  try {
    process.kill(orphan.pid, 'SIGKILL')
  } catch {
    return // gone in the meantime
  }
  const until = Date.now() + 5_000
  const pause = new Int32Array(new SharedArrayBuffer(4))
  while (isAlive(orphan) && Date.now() < until) Atomics.wait(pause, 0, 0, 20)
}

/** The workerd that this process started last. */
function childWorkerd(): Identity | null {
  const runtimes = children(process.pid)
    .map(identify)
    .filter((child) => child?.command.includes('workerd'))
  return runtimes.at(-1) ?? null
}

const hasProc = process.platform === 'linux'

function identify(pid: number): Identity | null {
  try {
    if (!hasProc) {
      const line = execFileSync('ps', ['-o', 'lstart=,command=', '-p', `${pid}`], { encoding: 'utf8' }).trim()
      return line === '' ? null : { pid, startedAt: line.slice(0, 24), command: line.slice(24).trim() }
    }
    const state = stat(pid)
    // A zombie is dead: it only waits for its parent.
    if (state[0] === 'Z') return null
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid, startedAt: `${bootId()} ${state[19]}`, command }
  } catch {
    return null
  }
}

/** Fields of /proc/PID/stat from the third on (state, parent, …): the second may itself hold spaces. See proc(5). */
function stat(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

function children(parent: number): number[] {
  if (!hasProc) {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).split('\n')
    return lines
      .map((line) => line.trim().split(/\s+/).map(Number))
      .flatMap(([pid, of]) => (pid && of === parent ? [pid] : []))
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    try {
      return Number(stat(pid)[1]) === parent
    } catch {
      return false // ended while we looked
    }
  })
}
