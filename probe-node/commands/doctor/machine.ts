/** What this machine gives a probe: address, descriptors, ports, disk. */
import { access, constants, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { type Capacity, readCapacity, socketsFor } from '../../capacity.ts'
import { bad, type Finding, ok, warn } from './finding.ts'

/** `process.getBuiltinModule` came with this one (probe-node/http.ts). */
const OLDEST = [20, 16] as const
/** As many sockets as a sweep opens at most, and what else is open (capacity.ts). */
const ENOUGH_FILES = 5_200
const FEW_FILES = 1_024
const ENOUGH_PORTS = 20_000
const FEW_PORTS = 4_000
/** Bytes: the spool takes up to 50 MB (spool.ts). */
const LITTLE_DISK = 64 * 1024 * 1024
const ENOUGH_DISK = 256 * 1024 * 1024

export function nodeVersion(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isFine = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
  return isFine
    ? ok('node', `Node ${version}`)
    : bad('node', `Node ${version} is too old.`, `Install Node ${OLDEST.join('.')} or newer.`)
}

export const sourceAddress = (address: string): Promise<Finding> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(
        bad(
          'address',
          `${address} cannot be used on this machine (${error.code ?? error.message}).`,
          'Give the address to an interface (ip addr add …, and your provider’s network settings to keep it), or correct --source-address.',
        ),
      ),
    )
    server.listen({ host: address, port: 0, exclusive: true }, () =>
      server.close(() => resolve(ok('address', `${address} is on this machine`))),
    )
  })

/** `running`: limits of the probe's own process, which are what counts; ours are only what this shell has. */
export async function capacity(
  running: { maxFiles: number } | null,
  read: () => Promise<Capacity> = readCapacity,
): Promise<Finding[]> {
  const own = await read()
  const maxFiles = running?.maxFiles ?? own.maxFiles
  const whose = running ? 'The probe' : 'A process started here'
  const filesText = `${whose} may open ${maxFiles} files`
  const filesMend = 'Raise LimitNOFILE= in the unit to 16384 (or ulimit -n), and restart the probe.'
  const sockets = socketsFor({ ...own, maxFiles })
  const portsMend = 'Set net.ipv4.ip_local_port_range = 15000 65000 (packaging/sysctl.conf).'
  const portsText = `${own.ephemeralPorts} ports for outgoing connections`
  return [
    maxFiles < FEW_FILES
      ? bad('files', `${filesText}: a sweep would have ${sockets} sockets.`, filesMend)
      : maxFiles < ENOUGH_FILES
        ? warn('files', `${filesText}: a sweep has ${sockets} sockets instead of 4000.`, filesMend)
        : ok('files', filesText),
    own.ephemeralPorts < FEW_PORTS
      ? bad('ports', `There are only ${portsText}.`, portsMend)
      : own.ephemeralPorts < ENOUGH_PORTS
        ? warn('ports', `There are ${portsText}; a fast sweep uses them up.`, portsMend)
        : ok('ports', portsText),
  ]
}

export async function disk(folder: string): Promise<Finding> {
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    const text = `${Math.floor(free / 1024 / 1024)} MB are free for ${folder}`
    const mend =
      'Make room on this disk: reports that cannot be delivered wait there, and are lost when they cannot be written.'
    if (free < LITTLE_DISK) return bad('disk', `Only ${text}.`, mend)
    return free < ENOUGH_DISK ? warn('disk', `${text}.`, mend) : ok('disk', text)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return bad(
      'disk',
      `${folder} cannot be written to (${code}).`,
      'Create it, or let the user that runs the probe write there.',
    )
  }
}
