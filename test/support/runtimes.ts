/** The workerd processes that this one started, and what each has used: read from /proc, so on Linux alone. */
import { readdirSync, readFileSync } from 'node:fs'

/** Their process ids, in the order of their start. */
export function runtimes(): number[] {
  const children = readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  )
  return children.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('workerd')
    } catch {
      return false
    }
  })
}

/** Milliseconds on a processor of all threads so far (first field of schedstat, nanoseconds). Threads live as long as workerd. */
export function cpuMsOf(pid: number): number {
  let ns = 0
  for (const task of readdirSync(`/proc/${pid}/task`))
    ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
  return ns / 1e6
}

/** Resident bytes. */
export function residentOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes ?? 0) * 1024
}
