import { addressAt, type Cidr } from '../../../schema/address.ts'
import { type Kit, type Renderer, sampleOf } from '../kit.ts'

const daemonOf = ({ situation }: Kit): string =>
  situation && situation.services.length > 0 && situation.services.every((service) => service === 'ssh')
    ? 'sshd'
    : 'ALL'

export const tcpWrappers: Renderer = {
  title: 'TCP wrappers, hosts.allow',
  file: 'portwitness.allow',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: ['add it to /etc/hosts.allow, which is read before /etc/hosts.deny; it holds for the next connection'],
    check: [`tcpdmatch ${daemonOf(kit) === 'ALL' ? 'sshd' : daemonOf(kit)} ${sampleOf(kit)}`],
    undo: ['take the lines out of /etc/hosts.allow'],
    traps: [
      'networks of IPv4 are written with a netmask, those of IPv6 in brackets: other spellings match nothing, in silence',
      'DenyHosts writes hosts.deny anew: its own list is allowed-hosts',
      'the last line of the file must end with a line end, or it is not read',
    ],
  }),
  body: (kit) => kit.entries.map(({ cidr }) => `${daemonOf(kit)}: ${wrapped(cidr)}`),
}

function wrapped({ address, prefix, family, text }: Cidr): string {
  if (family === 6) return `[${address.text}]/${prefix}`
  if (prefix === 32) return address.text
  const mask = ((1n << 32n) - 1n) ^ ((1n << BigInt(32 - prefix)) - 1n)
  return `${text.slice(0, text.indexOf('/'))}/${addressAt(mask, 4).text}`
}
