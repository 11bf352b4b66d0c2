/**
 * A small internet in network namespaces: one router and, behind it, one namespace for each role. Root only.
 * Nothing has a route out; `remove()` takes everything away again, also what still runs there and what a crashed run left under
 * the same name. A process that ends early takes its labs with it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

export interface Role {
  name: string
  /** third octet of its network, 10.203.N.0/24; the router is .1. Roles of one network are neighbours on one wire. */
  net: number
  /** last octets of its addresses; the first is the default source */
  hosts: readonly number[]
}

export interface Lab {
  name: string
  /** `10.203.N.H` */
  address(role: string, host?: number): string
  router(role: string): string
  /** the name of a role's namespace, for `ip netns exec` */
  namespace(role: string): string
  /** runs a command inside a namespace and returns what it printed; throws when it fails */
  run(role: string, command: readonly string[]): string
  /** the same without blocking; never throws: `code` is null when it was killed */
  call(role: string, command: readonly string[], options?: CallOptions): Promise<Called>
  /** starts a command inside a namespace; the caller ends it */
  start(
    role: string,
    command: readonly string[],
    options?: { env?: NodeJS.ProcessEnv; stdio?: 'pipe' | 'ignore' },
  ): ChildProcess
  /** a role's namespace anew, with these addresses: nothing is left of what ran or was set there */
  renew(role: string, hosts: readonly number[]): void
  remove(): void
}

export interface CallOptions {
  timeoutMs?: number
  /** each complete line on stderr as it comes */
  onLine?: (line: string) => void
}
export interface Called {
  out: string
  err: string
  code: number | null
}

const PREFIX = '10.203'
/** What is started ends with this process, however that ends; what that has started in its turn may stay. */
export const DIES_WITH_US = ['setpriv', '--pdeathsig', 'KILL'] as const
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString()
const quietly = (action: () => unknown) => {
  try {
    action()
  } catch {
    // already gone
  }
}

const endNow = (pid: number) => quietly(() => process.kill(pid, 'SIGKILL'))

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

/** A name for a lab of this process. What crashed runs left under the same prefix is taken away. */
export function labName(prefix: string): string {
  for (const [, name, owner] of ip('netns', 'list').matchAll(new RegExp(`^(${prefix}\\.(\\d+)-\\S+)`, 'gm')))
    if (name && !existsSync(`/proc/${owner}`)) quietly(() => ip('netns', 'del', name))
  return `${prefix}.${process.pid}`
}

/** How to take away each lab of this process that still stands when it ends, also by an error or an interrupt. */
const standing = new Set<() => void>()
function removeAtEnd(): void {
  for (const remove of standing) remove()
}
function endOn(signal: 'SIGINT' | 'SIGTERM', code: number): void {
  if (process.listenerCount(signal) === 0) process.once(signal, () => process.exit(code))
}

/** Runs a command to its end. Its stdout and stderr are kept whole. */
export function call(
  command: string,
  args: readonly string[],
  { timeoutMs = 0, onLine }: CallOptions = {},
): Promise<Called> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const limit = timeoutMs > 0 ? setTimeout(() => child.kill('SIGKILL'), timeoutMs) : undefined
    let out = ''
    let err = ''
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      if (onLine) for (const line of lines) onLine(line)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(limit)
      resolve({ out, err, code })
    })
  })
}

export function makeLab(name: string, roles: readonly Role[]): Lab {
  const hostsOf = new Map(roles.map((role) => [role.name, role.hosts]))
  const namespace = (role: string) => `${name}-${role}`
  const remove = () => {
    for (const role of ['router', ...roles.map((each) => each.name)]) {
      quietly(() => {
        for (const pid of ip('netns', 'pids', namespace(role)).split('\n').filter(Boolean)) endNow(Number(pid))
      })
      quietly(() => ip('netns', 'del', namespace(role)))
    }
    standing.delete(remove)
  }
  const roleOf = (role: string): Role => {
    const found = roles.find((each) => each.name === role)
    if (!found) throw new Error(`no role ${role} in lab ${name}`)
    return found
  }
  const inside = (role: string, ...args: string[]) => ip('netns', 'exec', namespace(role), ...args)
  const neighbours = (role: Role) => roles.filter((each) => each.net === role.net)
  /** the router's device for a network: `r-` and the network's first role */
  const device = (role: Role) => `r-${neighbours(role)[0]?.name}`

  const attach = (role: Role, hosts: readonly number[]) => {
    const link = neighbours(role).length > 1 ? `l-${role.name}` : device(role)
    const peer = ['peer', 'name', 'eth0', 'netns', namespace(role.name)]
    ip('netns', 'add', namespace(role.name))
    ip('link', 'add', link, 'netns', namespace('router'), 'type', 'veth', ...peer)
    if (link === device(role)) inside('router', 'ip', 'addr', 'add', `${PREFIX}.${role.net}.1/24`, 'dev', link)
    else inside('router', 'ip', 'link', 'set', link, 'master', device(role))
    inside('router', 'ip', 'link', 'set', link, 'up')
    inside(role.name, 'ip', 'link', 'set', 'lo', 'up')
    for (const host of hosts) inside(role.name, 'ip', 'addr', 'add', `${PREFIX}.${role.net}.${host}/24`, 'dev', 'eth0')
    inside(role.name, 'ip', 'link', 'set', 'eth0', 'up')
    inside(role.name, 'ip', 'route', 'add', 'default', 'via', `${PREFIX}.${role.net}.1`)
    hostsOf.set(role.name, hosts)
  }

  remove()
  if (standing.size === 0) process.once('exit', removeAtEnd)
  endOn('SIGINT', 130)
  endOn('SIGTERM', 143)
  standing.add(remove)
  ip('netns', 'add', namespace('router'))
  inside('router', 'ip', 'link', 'set', 'lo', 'up')
  inside('router', 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0')
  for (const role of roles) {
    if (neighbours(role).length > 1 && neighbours(role)[0] === role) {
      inside('router', 'ip', 'link', 'add', device(role), 'type', 'bridge')
      inside('router', 'ip', 'addr', 'add', `${PREFIX}.${role.net}.1/24`, 'dev', device(role))
      inside('router', 'ip', 'link', 'set', device(role), 'up')
    }
    attach(role, role.hosts)
  }
  return {
    name,
    address: (role, host) => `${PREFIX}.${roleOf(role).net}.${host ?? hostsOf.get(role)?.[0]}`,
    router: (role) => `${PREFIX}.${roleOf(role).net}.1`,
    namespace,
    run: (role, command) => inside(role, ...command),
    call: (role, command, options) => call('ip', ['netns', 'exec', namespace(role), ...command], options),
    start: (role, command, options = {}) =>
      spawn('ip', ['netns', 'exec', namespace(role), ...DIES_WITH_US, ...command], {
        stdio: ['ignore', options.stdio ?? 'pipe', options.stdio ?? 'pipe'],
        env: { ...process.env, ...options.env },
      }),
    renew(role, hosts) {
      const found = roleOf(role)
      quietly(() => ip('netns', 'del', namespace(role)))
      // The kernel takes the link away some time after the namespace; the new one has the same name.
      const link = neighbours(found).length > 1 ? `l-${role}` : device(found)
      quietly(() => inside('router', 'ip', 'link', 'del', link))
      attach(found, hosts)
    },
    remove,
  }
}
