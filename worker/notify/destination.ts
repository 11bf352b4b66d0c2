/** Whether a channel's URL and secrets are of the right form and lead where they may. Names are resolved by the sender. */
import { isPublic, parseAddress, refusal } from '../../schema/address.ts'
import type { ChannelKind } from '../../schema/words.ts'
import type { Destination } from './channel.ts'
import { channelOf } from './channels.ts'
import { keyFault } from './signing.ts'

export interface DestinationFault {
  field: 'url' | 'secret'
  detail: string
}

const MAX_URL = 2_000
/** 443, and what people run beside it for HTTPS. Others would make us a port scanner by proxy. */
const PORTS = ['', '443', '4443', '8443', '9443']
/** While one key replaces another. */
const MAX_SECRETS = 2

/**
 * Everything that is wrong, in words for the user; the URL and the secrets are never repeated. `allowLocal` is for an
 * embedded Worker that was started with `--allow-local-receivers`: plain http and any port at an address of this machine or
 * its networks, for any kind.
 */
export function checkDestination(
  kind: ChannelKind,
  { url: text, secrets }: Destination,
  { allowLocal }: { allowLocal: boolean },
): DestinationFault[] {
  const channel = channelOf(kind)
  const fault = (detail: string): DestinationFault => ({ field: 'url', detail })
  const url = text.length <= MAX_URL ? URL.parse(text) : null
  if (!url) return [fault(`must be a URL of at most ${MAX_URL} characters, such as ${channel.form.example}`)]
  const isLocal = allowLocal && isLocalUrl(url)
  return [
    ...(url.protocol === 'https:' || (isLocal && url.protocol === 'http:') ? [] : [fault('must begin with https://')]),
    ...(url.username === '' && url.password === '' ? [] : [fault('must hold no user name and password')]),
    ...(url.hash === '' ? [] : [fault('must hold no #')]),
    ...(isLocal || PORTS.includes(url.port) ? [] : [fault('must have port 443, 4443, 8443 or 9443')]),
    ...(isLocal ? [] : hostFaults(url, channel.hosts).map(fault)),
    ...queryFaults(url, channel.query).map(fault),
    ...secretFaults(kind, secrets).map((detail): DestinationFault => ({ field: 'secret', detail })),
  ]
}

function hostFaults({ hostname }: URL, hosts: readonly string[] | 'any'): string[] {
  const name = hostname.replace(/\.$/, '')
  if (hosts !== 'any') {
    const isKnown = hosts.some((host) => (host.startsWith('.') ? name.endsWith(host) : name === host))
    return isKnown ? [] : [`must be at ${hosts.map((host) => (host.startsWith('.') ? `*${host}` : host)).join(' or ')}`]
  }
  // Of a name TLS proves who answers, and where it leads is asked again at each attempt.
  if (parseAddress(name.replace(/^\[|\]$/g, ''))) return ['must be a host name, not an address']
  const isInner = !name.includes('.') || /\.(?:local|localhost|internal|intranet|lan|home|corp|arpa|onion)$/.test(name)
  return isInner ? ['must be a public host name'] : []
}

/** Whether an address that the host's name led to may be sent to; for the sender, on each attempt. */
export const mayReach = (address: string, { allowLocal }: { allowLocal: boolean }): boolean => {
  const parsed = parseAddress(address)
  return parsed !== null && (isPublic(parsed) || (allowLocal && isLocalAddress(address)))
}

/** Of this machine or a private network; never a metadata service, which has an address of such a kind. */
const isLocalAddress = (text: string): boolean => {
  const address = parseAddress(text)
  return address !== null && !isPublic(address) && refusal(address, { allowPrivate: true }) === null
}
const isLocalUrl = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || isLocalAddress(hostname.replace(/^\[|\]$/g, ''))

function queryFaults(
  { searchParams }: URL,
  { needs, takes }: { needs: readonly string[]; takes: readonly string[] },
): string[] {
  const missing = needs.filter((name) => !searchParams.get(name))
  const unknown = takes.includes('*')
    ? []
    : [...searchParams.keys()].filter((name) => ![...needs, ...takes].includes(name))
  return [
    ...missing.map((name) => `must hold ?${name}=`),
    ...(unknown.length > 0
      ? [`holds parameters that this kind does not take; it takes ${[...needs, ...takes].join(', ') || 'none'}`]
      : []),
  ]
}

function secretFaults(kind: ChannelKind, secrets: readonly string[]): string[] {
  const { secret, form } = channelOf(kind)
  if (secret === null) return secrets.length > 0 ? ['this kind takes no secret: it is in the URL'] : []
  if (secrets.length === 0) return [`is missing: ${form.secret}`]
  const most = kind === 'webhook' ? MAX_SECRETS : 1
  if (secrets.length > most) return [`must be at most ${most}`]
  if (kind === 'webhook') return secrets.flatMap((one) => keyFault(one) ?? [])
  return secrets.every((one) => secret.test(one)) ? [] : [`does not look like ${form.secret}`]
}
