/**
 * A small internet in network namespaces: one router and, behind it, one namespace for each role. Root only.
 * Nothing has a route out; `remove()` takes everything away again, also what a crashed run left under the same name.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'

export interface Role {
  name: string
  /** third octet of its network, 10.203.N.0/24; the router is .1 */
  net: number
  /** last octets of its addresses; the first is the default source */
  hosts: readonly number[]
}

export interface Lab {
  name: string
  /** `10.203.N.H` */
  address(role: string, host?: number): string
  router(role: string): string
  /** runs a command inside a namespace and returns what it printed; throws when it fails */
  run(role: string, command: readonly string[]): string
  /** starts a command inside a namespace; the caller ends it */
  start(
    role: string,
    command: readonly string[],
    options?: { env?: NodeJS.ProcessEnv; stdio?: 'pipe' | 'ignore' },
  ): ChildProcess
  remove(): void
}

const PREFIX = '10.203'
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString()
const quietly = (action: () => unknown) => {
  try {
    action()
  } catch {
    // already gone
  }
}

/** True when this process may make namespaces; a lab command otherwise says what it needs and is skipped. */
export function canMakeNamespaces(): boolean {
  if (process.getuid?.() !== 0) return false
  try {
    execFileSync('ip', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export function makeLab(name: string, roles: readonly Role[]): Lab {
  const namespace = (role: string) => `${name}-${role}`
  const remove = () => {
    for (const role of ['router', ...roles.map((each) => each.name)]) quietly(() => ip('netns', 'del', namespace(role)))
  }
  const roleOf = (role: string): Role => {
    const found = roles.find((each) => each.name === role)
    if (!found) throw new Error(`no role ${role} in lab ${name}`)
    return found
  }
  const inside = (role: string, ...args: string[]) => ip('netns', 'exec', namespace(role), ...args)

  remove()
  ip('netns', 'add', namespace('router'))
  inside('router', 'ip', 'link', 'set', 'lo', 'up')
  inside('router', 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0')
  for (const role of roles) {
    ip('netns', 'add', namespace(role.name))
    const link = `r-${role.name}`
    ip(
      'link',
      'add',
      link,
      'netns',
      namespace('router'),
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      namespace(role.name),
    )
    inside('router', 'ip', 'addr', 'add', `${PREFIX}.${role.net}.1/24`, 'dev', link)
    inside('router', 'ip', 'link', 'set', link, 'up')
    inside(role.name, 'ip', 'link', 'set', 'lo', 'up')
    for (const host of role.hosts)
      inside(role.name, 'ip', 'addr', 'add', `${PREFIX}.${role.net}.${host}/24`, 'dev', 'eth0')
    inside(role.name, 'ip', 'link', 'set', 'eth0', 'up')
    inside(role.name, 'ip', 'route', 'add', 'default', 'via', `${PREFIX}.${role.net}.1`)
  }
  return {
    name,
    address: (role, host) => `${PREFIX}.${roleOf(role).net}.${host ?? roleOf(role).hosts[0]}`,
    router: (role) => `${PREFIX}.${roleOf(role).net}.1`,
    run: (role, command) => inside(role, ...command),
    start: (role, command, options = {}) =>
      spawn('ip', ['netns', 'exec', namespace(role), ...command], {
        stdio: ['ignore', options.stdio ?? 'pipe', options.stdio ?? 'pipe'],
        env: { ...process.env, ...options.env },
      }),
    remove,
  }
}
