/** What the laboratory of allowlists needs besides: packages to install, and packages that are only unpacked where they run. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const PACKAGES = [
  ...['ipset', 'ufw', 'firewalld', 'dbus', 'tcpd', 'caddy', 'squid', 'varnish', 'rspamd', 'redis-server', 'curl'],
] as const

/** Not installed: they would put another one's program away, or take the place of the version that other labs test. */
const APART = {
  exim: { names: ['exim4-daemon-light', 'exim4-base'], backports: false },
  openssh: { names: ['openssh-server'], backports: true },
  suricata: { names: ['suricata'], backports: true },
} as const
export type Apart = keyof typeof APART

/**
 * Fetches the files of a package and of what it depends on into `folder`, from Debian's own archive or its backports.
 * True when they are there. Nothing is installed.
 */
export function fetchApart(apart: Apart, folder: string): boolean {
  const { names, backports } = APART[apart]
  const into = join(folder, apart)
  for (const each of ['lists/partial', 'archives/partial']) mkdirSync(join(into, each), { recursive: true })
  const options = backports ? backportsOnly(into) : []
  const apt = (...args: string[]) => {
    execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=60', ...options, ...args], {
      stdio: 'ignore',
      cwd: into,
      env: { ...process.env, LC_ALL: 'C' },
    })
  }
  try {
    if (backports) apt('update')
    const target = backports ? ['-t', 'bookworm-backports'] : []
    apt(
      ...['install', '-y', '--no-install-recommends', '--download-only', '--reinstall', ...target],
      ...['-o', `Dir::Cache::archives=${join(into, 'archives')}`, '-o', 'APT::Sandbox::User=root', ...names],
    )
  } catch {
    return false
  }
  return readdirSync(join(into, 'archives')).some((file) => file.endsWith('.deb'))
}

/** Lists of our own, so that the machine's stay as they are. */
function backportsOnly(into: string): string[] {
  const list = join(into, 'sources.list')
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'
  const signed = existsSync(keys) ? `[signed-by=${keys}] ` : ''
  const suites = ['bookworm', 'bookworm-backports']
  writeFileSync(list, suites.map((suite) => `deb ${signed}http://deb.debian.org/debian ${suite} main\n`).join(''))
  return [
    ...['-o', `Dir::Etc::sourcelist=${list}`, '-o', 'Dir::Etc::sourceparts=/dev/null'],
    ...['-o', `Dir::State::lists=${join(into, 'lists')}`, '-o', `Dir::Cache=${into}`],
  ]
}

/** Shell text that unpacks them inside a container, whose /usr, /etc and /var vanish with it. */
export const unpack = (apart: Apart, folder: string): string => `
  mkdir -p "$OVERLAY/apart"
  for deb in '${join(folder, apart, 'archives')}'/*.deb; do dpkg-deb -x "$deb" "$OVERLAY/apart" || fail "$deb"; done
  for part in lib lib64 bin sbin; do [ -d "$OVERLAY/apart/$part" ] && [ ! -L "$OVERLAY/apart/$part" ] && cp -a "$OVERLAY/apart/$part/." "/usr/$part/"; done
  for part in usr etc var; do [ -d "$OVERLAY/apart/$part" ] && cp -a "$OVERLAY/apart/$part/." "/$part/"; done
  ldconfig
`

export const runs = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0
