/**
 * `node test/lab/install.ts` (root): what the laboratory needs, from Debian's packages. No service is started; each scenario
 * runs its own copy inside the target's namespace. A package that does not exist here is left out: its scenarios are skipped.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'

const DEFENCES = ['fail2ban', 'sshguard', 'portsentry', 'psad', 'crowdsec', 'crowdsec-firewall-bouncer', 'scanlogd']
const SERVERS = [
  ...['openssh-server', 'openssh-client', 'nginx', 'libnginx-mod-http-modsecurity', 'modsecurity-crs', 'apache2'],
  ...['libapache2-mod-security2', 'libapache2-mod-evasive', 'haproxy', 'postfix', 'dovecot-imapd', 'dovecot-pop3d'],
  ...['vsftpd', 'xinetd', 'tigervnc-standalone-server', 'tigervnc-tools', 'mariadb-server'],
]
const TOOLS = [
  ...['nftables', 'iptables', 'conntrack', 'ulogd2', 'rsyslog', 'socat', 'iproute2', 'procps', 'util-linux', 'openssl'],
  ...['libxml2'],
]
/** What `lab:peers` compares with. */
const PEERS = ['nmap', 'masscan']

const POLICY = '/usr/sbin/policy-rc.d'
const CROWDSEC_ONLINE = '/etc/crowdsec/online_api_credentials.yaml'
const ENV = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
const APT = ['install', '-y', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold']

/** Installs what is missing, and these besides. @throws when apt-get fails */
export function install(more: readonly string[] = []): void {
  const wanted = [...DEFENCES, ...SERVERS, ...TOOLS, ...PEERS, ...more].filter((name) => !isInstalled(name))
  if (wanted.length === 0) return
  run('apt-get', ['update'])
  const known = wanted.filter((name) => spawnSync('apt-cache', ['show', name], { stdio: 'ignore' }).status === 0)
  const unknown = wanted.filter((name) => !known.includes(name))
  if (unknown.length > 0) console.log(`not here, left out: ${unknown.join(', ')}`)
  const hadPolicy = existsSync(POLICY)
  if (!hadPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    run('apt-get', [...APT, '--download-only', ...known])
    // CrowdSec's installation registers with its central service unless it finds credentials.
    mkdirSync('/etc/crowdsec', { recursive: true })
    if (!existsSync(CROWDSEC_ONLINE)) writeFileSync(CROWDSEC_ONLINE, '# no central service\n')
    // Fetched with the network, set up without one; Postfix wants an interface that is up.
    const setUp = ['apt-get', ...APT, '--no-download', ...known].map((word) => `'${word}'`).join(' ')
    run('unshare', ['--net', 'sh', '-c', `ip link set lo up && ${setUp}`])
  } finally {
    if (!hadPolicy) rmSync(POLICY, { force: true })
  }
}

/** The same; where packages cannot be had, the scenarios run whose tools are here. */
export function tryInstall(more: readonly string[] = []): void {
  try {
    install(more)
  } catch (error) {
    console.log(`packages could not be installed: ${error instanceof Error ? error.message : error}`)
  }
}

const isInstalled = (name: string): boolean =>
  /^install ok installed/.test(
    spawnSync('dpkg-query', ['-W', '-f', `\${Status}`, name], { encoding: 'utf8' }).stdout ?? '',
  )

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { env: ENV, stdio: ['ignore', 'ignore', 'inherit'] })
}

if (import.meta.main) {
  if (process.getuid?.() !== 0) throw new Error('the laboratory installs Debian packages: it needs root')
  install()
  console.log('installed')
}
