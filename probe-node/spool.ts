import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AlarmRequest, RenewRequest, ResultRequest } from '../schema/wire.ts'
import type { Asked } from './desk.ts'
import type { Log } from './log.ts'

/** A report of a run, as it is sent and sent again. */
export type Report =
  | { kind: 'renew'; body: RenewRequest }
  | { kind: 'alarm'; body: AlarmRequest }
  | { kind: 'result'; body: ResultRequest }

/** Reports that could not be delivered wait on disk, oldest first, bounded in number, bytes and age. */
export interface Spool {
  keep(report: Report): Promise<void>
  /** Sends what waits, one after the other, until one is not taken. An acknowledged or refused report is removed. */
  drain(send: (report: Report) => Promise<Asked<unknown>>): Promise<void>
  count(): number
  /** reports that were given up since the start: too many, too old, or not written down */
  dropped(): number
}

export interface SpoolLimits {
  files: number
  bytes: number
  ageMs: number
}
const UNFINISHED = '.new'
const LIMITS: SpoolLimits = { files: 200, bytes: 50 * 1024 * 1024, ageMs: 24 * 3_600_000 }

export async function openSpool(dataDir: string, log: Log, limits: SpoolLimits = LIMITS): Promise<Spool> {
  const folder = join(dataDir, 'spool')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // What was being written when a process or the disk came to its end.
  for (const name of (await readdir(folder)).filter((one) => one.endsWith(UNFINISHED)))
    await rm(join(folder, name), { force: true })
  let waiting = (await list(folder)).length
  let dropped = 0
  let draining = false

  async function bound(): Promise<void> {
    const files = await list(folder)
    const sizes = await Promise.all(files.map(async (name) => ({ name, ...(await sizeOf(join(folder, name))) })))
    let bytes = sizes.reduce((sum, { size }) => sum + size, 0)
    let count = sizes.length
    for (const { name, size, at } of sizes) {
      const isOld = Date.now() - at > limits.ageMs
      if (!isOld && bytes <= limits.bytes && count <= limits.files) continue
      await rm(join(folder, name), { force: true })
      bytes -= size
      count -= 1
      dropped += 1
      log('warn', 'a report that could not be delivered was dropped', { bytes: size, old: isOld })
    }
    waiting = count
  }

  return {
    async keep(report) {
      const { runId, epoch, seq } = report.body
      const name = `${String(Date.now()).padStart(14, '0')}-${runId}-${epoch}-${String(seq).padStart(7, '0')}.json`
      try {
        await writeFile(join(folder, `${name}${UNFINISHED}`), JSON.stringify(report), { mode: 0o600, flush: true })
        await rename(join(folder, `${name}${UNFINISHED}`), join(folder, name))
      } catch (error) {
        // A full disk: the run is simply done again by its next lease. Half of the report would only keep it full.
        await rm(join(folder, `${name}${UNFINISHED}`), { force: true }).catch(() => {})
        dropped += 1
        log('error', 'a report could not be written down', { code: (error as NodeJS.ErrnoException).code ?? 'UNKNOWN' })
      }
      await bound()
    },
    async drain(send) {
      if (draining || waiting === 0) return
      draining = true
      try {
        await bound()
        for (const name of await list(folder)) {
          const report = await readFile(join(folder, name), 'utf8')
            .then((text) => JSON.parse(text) as Report)
            .catch(() => null)
          const asked = report && (await send(report))
          if (asked && !asked.ok && asked.why === 'unreachable') return
          // Taken, or nothing that repeating could change; what cannot be read cannot be sent either.
          await rm(join(folder, name), { force: true })
          waiting -= 1
        }
      } finally {
        draining = false
      }
    },
    count: () => waiting,
    dropped: () => dropped,
  }
}

const list = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()

const sizeOf = (path: string): Promise<{ size: number; at: number }> =>
  stat(path).then(
    ({ size, mtimeMs }) => ({ size, at: mtimeMs }),
    () => ({ size: 0, at: 0 }),
  )
