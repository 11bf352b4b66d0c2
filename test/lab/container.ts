/** The target's container: container/init.sh in the target's network namespace, with mounts and processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Called, call, DIES_WITH_US } from './namespaces.ts'

const INIT = join(import.meta.dirname, 'container/init.sh')
const UP_MS = 60_000

export interface Container {
  /** shell text inside; the services' functions are there */
  run(text: string, timeoutMs?: number): Promise<Called>
  /** kills every process in it; its mounts go with them */
  stop(): Promise<void>
}

/**
 * Starts a container and waits until the scenario is up. `state` is a folder of the caller's: log/ in it stays.
 * @throws with the last of what it said when it does not come up
 */
export async function startContainer(
  namespace: string,
  state: string,
  up: string,
  words: Record<string, string>,
): Promise<Container> {
  mkdirSync(join(state, 'log'), { recursive: true })
  const script = join(state, 'up.sh')
  writeFileSync(script, up)
  const env = { ...process.env, ...words, NODE: process.execPath }
  const said = openSync(join(state, 'container.out'), 'w')
  const child = spawn(
    'setpriv',
    [
      ...DIES_WITH_US.slice(1),
      'nsenter',
      ...[`--net=/run/netns/${namespace}`, 'unshare', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child'],
      ...['--mount-proc', 'bash', INIT, state, script],
    ],
    { stdio: ['ignore', said, said], env },
  )
  closeSync(said)
  const container: Container = {
    run: (text, timeoutMs = 20_000) => {
      const inner = innerOf(child)
      if (!inner) return Promise.resolve({ out: '', err: 'the container has ended', code: null })
      const services = `for part in '${join(import.meta.dirname, 'container/services')}'/*.sh; do . "$part"; done`
      const shell = `export LOG='${join(state, 'log')}' HERE='${join(import.meta.dirname, 'container')}' OVERLAY='${state}/overlay' XTABLES_LOCKFILE=/run/xtables.lock PATH="$PATH:/usr/sbin:/sbin"; ${exports(words)} NODE='${process.execPath}'; ${services}; ${text}`
      return call('nsenter', ['-t', inner, '-m', '-u', '-i', '-n', '-p', '--', 'bash', '-c', shell], { timeoutMs })
    },
    stop: () => stop(child),
  }
  const until = Date.now() + UP_MS
  while (!existsSync(join(state, 'ready'))) {
    const over = existsSync(join(state, 'failed')) || child.exitCode !== null || Date.now() > until
    if (over) {
      await container.stop()
      const lines = readFileSync(join(state, 'container.out'), 'utf8').trim().split('\n').slice(-5)
      throw new Error(`the target did not come up: ${lines.join(' | ')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return container
}

const exports = (words: Record<string, string>): string =>
  Object.entries(words)
    .map(([name, value]) => `export ${name}='${value}';`)
    .join(' ')

/** The first process inside, by its number outside. */
function innerOf({ pid, exitCode }: ChildProcess): string | null {
  const file = `/proc/${pid}/task/${pid}/children`
  if (!pid || exitCode !== null || !existsSync(file)) return null
  return readFileSync(file, 'utf8').trim().split(' ')[0] || null
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const inner = innerOf(child)
  // The first process of a pid namespace takes all others with it.
  if (inner) process.kill(Number(inner), 'SIGKILL')
  else child.kill('SIGKILL')
  await gone
}
