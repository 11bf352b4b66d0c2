import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { basename } from 'node:path'

const WORKER_ANSWERS_MS = 1_500

/**
 * Addresses of the loopback network on which this machine does not listen. Linux has all of 127.0.0.0/8; macOS has
 * 127.0.0.1 alone until an alias is added.
 */
export async function missingAddresses(addresses: readonly string[]): Promise<string[]> {
  const usable = await Promise.all(addresses.map((address) => bindable(address, 0)))
  return addresses.filter((_, i) => !usable[i])
}

/** The first free port from `first` on, and who has `first` when that is another. */
export async function freePort(address: string, first: number): Promise<{ port: number; takenBy: string | null }> {
  for (let port = first; port < first + 100; port++) {
    if (await bindable(address, port)) return { port, takenBy: port === first ? null : await ownerOf(address, first) }
  }
  throw new Error(`No port from ${first} to ${first + 99} is free on ${address}.`)
}

/**
 * A window of ports from 10000 to 32000 in which nothing on this machine answers at `address`: a scan of it meets the demo
 * host alone, and never a service that happens to run here.
 */
export async function quietWindow(address: string, size: number): Promise<{ from: number; to: number }> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const from = randomInt(10_000, 32_000 - size)
    if (await isQuiet(address, from, from + size)) return { from, to: from + size - 1 }
  }
  throw new Error(`No ${size} ports in a row are free on ${address}.`)
}

async function isQuiet(address: string, from: number, before: number): Promise<boolean> {
  const AT_ONCE = 100
  for (let first = from; first < before; first += AT_ONCE) {
    const ports = Array.from({ length: Math.min(AT_ONCE, before - first) }, (_, i) => first + i)
    const answers = await Promise.all(ports.map((port) => isOpen(address, port)))
    if (answers.includes(true)) return false
  }
  return true
}

const bindable = (address: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, address, () => server.close(() => resolve(true)))
  })

const isOpen = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

/** Who listens on a port, for people: `node (process 4711)`, `another Portwitness Worker`, or a plain `another process`. */
async function ownerOf(address: string, port: number): Promise<string> {
  const process_ = processOn(port)
  const name = (await isWorker(address, port)) ? 'another Portwitness Worker' : (process_?.name ?? 'another process')
  return process_ ? `${name} (process ${process_.pid})` : name
}

/** Each Worker says who its probes are: what answers so, healthy, is one. */
async function isWorker(address: string, port: number): Promise<boolean> {
  const ask = async (path: string) => {
    const answer = await fetch(`http://${address}:${port}${path}`, { signal: AbortSignal.timeout(WORKER_ANSWERS_MS) })
    return answer.ok ? await answer.text() : ''
  }
  try {
    return (await ask('/healthz')) !== '' && (await ask('/.well-known/probing.txt')).includes('Portwitness')
  } catch {
    return false
  }
}

/** Null where this system does not tell. */
function processOn(port: number): { pid: string; name: string } | null {
  try {
    const pid =
      process.platform === 'linux'
        ? ownerFromProc(port)
        : execFileSync('lsof', ['-t', '-sTCP:LISTEN', `-iTCP:${port}`], { encoding: 'utf8' }).split('\n', 1)[0]
    if (!pid) return null
    // The name a process gives itself may be that of a thread: what was started says more.
    const started =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0', 1)[0]
        : execFileSync('ps', ['-o', 'comm=', '-p', pid], { encoding: 'utf8' }).trim()
    return { pid, name: basename(started ?? '') || 'another process' }
  } catch {
    return null
  }
}

/** Listening sockets by inode in /proc/net/tcp, then whose descriptor it is. Others' descriptors need root. */
function ownerFromProc(port: number): string | null {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(1))
  const inodes = lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hex}`) && fields[3] === '0A')
    .map((fields) => `socket:[${fields[9]}]`)
  const holds = (pid: string): boolean => {
    try {
      return readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.includes(linkOf(`/proc/${pid}/fd/${fd}`)))
    } catch {
      return false
    }
  }
  return readdirSync('/proc').find((name) => /^\d+$/.test(name) && holds(name)) ?? null
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
