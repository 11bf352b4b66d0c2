/** A probe that runs out of descriptors, source ports or disk: it says so, and calls no open port closed. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { portsIn } from '../../../schema/ports.ts'
import { ROOT } from '../build.ts'
import { type Drill, plain, type Row, skipped } from '../drill.ts'
import { MANY_PORTS } from '../hosts.ts'

const run = promisify(execFile)
const SCRIPT = ['--disable-warning=ExperimentalWarning', 'test/faults/limited.ts']
const isRoot = process.getuid?.() === 0
const TIMES = 3

interface Told {
  outcome: string | null
  ports: { asked: number; tested: number; untested: string } | null
  found: number[]
  recheck: { port: number; state: string }[]
  falselyClosed: unknown[]
  faults: number
  unfit: string[]
  epochs: number
}

async function tried(fault: string, times: number, command: string, args: readonly string[]): Promise<Row> {
  const short: string[] = []
  const notes: string[] = []
  for (let i = 0; i < times; i++) {
    const { stdout } = await run(command, args, { cwd: ROOT, timeout: 150_000 })
    const told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Told
    const untested = new Set(told.ports?.untested ? portsIn(told.ports.untested) : [])
    const silent = MANY_PORTS.filter((port) => !told.found.includes(port) && !untested.has(port))
    const closed = told.recheck.filter(({ port, state }) => MANY_PORTS.includes(port) && state === 'closed')
    if (told.outcome === null) short.push('no result came')
    if (told.falselyClosed.length > 0)
      short.push(
        `${told.falselyClosed.length} fit observations of an open port say lost: ${JSON.stringify(told.falselyClosed[0])}`,
      )
    if (closed.length > 0) short.push(`${closed.length} open ports were called closed in the re-check`)
    if (told.outcome === 'done' && silent.length > 0)
      short.push(`open ports ${silent.join(', ')} are neither found nor among the untested`)
    notes.push(
      `${told.outcome}: ${told.found.length} of ${MANY_PORTS.length} found, ${told.ports?.untested ? 'rest named untested' : 'all tested'}${told.unfit[0] ? `, "${told.unfit[0]}"` : ''}`,
    )
  }
  return plain(fault, times, [...new Set(notes)].join('; '), short)
}

export const limitsDrill: Drill = {
  name: 'limits',
  async run({ quick }) {
    const times = quick ? 1 : TIMES
    const rows: Row[] = []
    for (const files of quick ? [40] : [40, 64])
      rows.push(
        await tried(`probe with ${files} descriptors`, times, process.execPath, [...SCRIPT, '--files', `${files}`]),
      )
    const inNetwork = (shell: string) => [...(isRoot ? [] : ['-r']), '-n', 'sh', '-c', shell]
    const few = 'ip link set lo up && echo "50000 50040" > /proc/sys/net/ipv4/ip_local_port_range && exec "$0" "$@"'
    const ports = 'probe with 40 source ports'
    if (canUnshare()) rows.push(await tried(ports, times, 'unshare', [...inNetwork(few), process.execPath, ...SCRIPT]))
    else rows.push(skipped(ports, 'no network namespaces here'))
    if (!isRoot) return [...rows, skipped('probe with a full disk', 'needs root')]
    const folder = mkdtempSync(join(tmpdir(), 'portwitness-full-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder])
    try {
      rows.push(await tried('probe with a full disk, Worker busy', 1, process.execPath, [...SCRIPT, '--disk', folder]))
    } finally {
      execFileSync('umount', [folder])
      rmSync(folder, { recursive: true, force: true })
    }
    return rows
  },
}

function canUnshare(): boolean {
  try {
    execFileSync('unshare', [...(isRoot ? [] : ['-r']), '-n', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
