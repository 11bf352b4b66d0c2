/** A scenario that stands: its target up in a namespace of its own, the router set, losses in place. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Look, read } from './bans.ts'
import { type Container, startContainer } from './container.ts'
import type { Lab } from './namespaces.ts'
import { stopAll } from './product.ts'
import type { Scenario, Shell, Stage } from './scenario.ts'

const SCANNER_HOST = 10
const SIBLING_HOST = 11
const LIST_EVERY_MS = 2_000
const ATTACKS = join(import.meta.dirname, 'attacks.ts')

export interface Standing {
  stage: Stage
  /** a line of the scan's progress, for those who wait for it */
  hear(line: string): void
  /** what a shell text of the scenario prints, stderr after stdout */
  look(shell: Shell): Promise<string>
  /** every address that the defence's own list has named so far, with the moment it was first seen there */
  listed: ReadonlyMap<string, Date>
  /** the looks at that list, oldest first */
  looks: readonly Look[]
  /** seconds for which the defence was told to ban */
  banSeconds: number
  /** ends looking at the list */
  settle(): Promise<void>
  down(): Promise<void>
}

/**
 * Brings a scenario up on the target address 10.203.0.HOST. `folder` is the caller's; the target's logs go there.
 * @throws when the target or the router's rules do not come up
 */
export async function stand(
  lab: Lab,
  scenario: Scenario,
  { host, loss, folder, full }: { host: number; loss: number; folder: string; full: boolean },
): Promise<Standing> {
  lab.renew('target', [host])
  await resetRouter(lab)
  const target = lab.address('target')
  const banSeconds = full ? (scenario.banSeconds?.full ?? 600) : (scenario.banSeconds?.scaled ?? 90)
  const words = {
    TARGET: target,
    SCANNER: lab.address('scan', SCANNER_HOST),
    SIBLING: lab.address('scan', SIBLING_HOST),
    SCAN_NET: lab.address('scan', 0).concat('/24'),
    BAN_S: `${banSeconds}`,
  }
  const shell = async (role: string, text: string) => {
    const { out, err, code } = await lab.call(role, ['bash', '-c', text])
    if (code !== 0) throw new Error(`in ${role}: ${err.trim()}`)
    return out
  }
  const exports = Object.entries(words).map(([key, value]) => `${key}='${value}'; `)
  const onRouter = (run: string) => shell('router', exports.join('') + run)
  const children: ChildProcess[] = []
  const heard = hearing()
  let container: Container | null = null
  const stage: Stage = {
    target,
    neighbour: lab.address('neighbour'),
    scanner: words.SCANNER,
    sibling: words.SIBLING,
    onTarget: async (run) => {
      const called = await container?.run(run)
      if (called?.code !== 0) throw new Error(`on the target: ${called?.err.trim()}`)
      return called.out
    },
    onRouter,
    inRole: shell,
    attack: (...attack) => {
      const node = [process.execPath, '--disable-warning=ExperimentalWarning', ATTACKS]
      const args = ['netns', 'exec', lab.namespace('scan'), ...node, words.SCANNER, target, ...attack.map(String)]
      const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'ignore'] })
      children.push(child)
      return textOf(child)
    },
    progress: heard.until,
    seconds: (count) => rest(count * 1_000),
  }
  const look = async (asked: Shell): Promise<string> => {
    if (asked.on === 'router') return onRouter(asked.run)
    const { out, err } = (await container?.run(asked.run)) ?? { out: '', err: '' }
    return out + err
  }
  const down = async () => {
    await stopAll(children, 100)
    await container?.stop()
    await scenario.after?.(stage).catch(() => {})
    await resetRouter(lab)
  }
  try {
    container = await startContainer(lab.namespace('target'), join(folder, 'target'), scenario.target, words)
    if (scenario.router) await onRouter(scenario.router)
    await setLoss(onRouter, 'run', loss)
    await setLoss(onRouter, 'scenario', scenario.loss ?? 0)
  } catch (error) {
    await down()
    throw error
  }
  const list = watchList(scenario.truth.list, look)
  return {
    stage,
    hear: heard.line,
    look,
    listed: list.listed,
    looks: list.looks,
    banSeconds,
    settle: list.settle,
    async down() {
      await list.settle()
      await down()
    },
  }
}

/** Asks the defence every two seconds whom it shuts out. */
function watchList(list: Shell | undefined, look: (shell: Shell) => Promise<string>) {
  const listed = new Map<string, Date>()
  const looks: Look[] = []
  let over = !list
  const watching = (async () => {
    while (!over && list) {
      const seen = read(await look(list).catch(() => ''), new Date())
      looks.push(seen)
      for (const address of seen.listed.keys()) if (!listed.has(address)) listed.set(address, seen.at)
      await rest(LIST_EVERY_MS)
    }
  })()
  return {
    listed,
    looks,
    settle: () => {
      over = true
      return watching
    },
  }
}

function hearing() {
  const lines: string[] = []
  const waiting = new Set<() => void>()
  return {
    line(text: string) {
      lines.push(text)
      for (const check of [...waiting]) check()
    },
    until: (fits: RegExp) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (!lines.some((line) => fits.test(line))) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
  }
}

export const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function textOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let out = ''
    child.stdout?.on('data', (bytes: Buffer) => {
      out += bytes.toString()
    })
    child.once('close', () => resolve(out))
  })
}

async function resetRouter(lab: Lab): Promise<void> {
  const text = `nft flush ruleset; for rule in 101 102 103; do ip rule del pref $rule 2> /dev/null; done
    sysctl -qw net.ipv4.ip_forward=1; conntrack -F > /dev/null 2>&1; true`
  await lab.call('router', ['bash', '-c', text])
}

/** Drops this share of the packets to the target's network, and of those from it. */
async function setLoss(onRouter: (run: string) => Promise<string>, name: string, loss: number): Promise<void> {
  if (loss <= 0) return
  const some = `numgen random mod 1000 < ${Math.round(loss * 1_000)} counter drop`
  await onRouter(`nft -f - <<'N'
table inet loss_${name} {
  chain through {
    type filter hook forward priority -5; policy accept;
    oifname "r-target" ${some}
    iifname "r-target" ${some}
  }
}
N`)
}
