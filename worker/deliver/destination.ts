/** Where a channel leads: sealed in the database, opened to send, and checked each time. */
import { parseAddress } from '../../schema/address.ts'
import type { ChannelHint } from '../../schema/channels.ts'
import type { ChannelKind } from '../../schema/words.ts'
import { Failure } from '../failure.ts'
import type { Destination } from '../notify/channel.ts'
import { channelOf } from '../notify/channels.ts'
import { checkDestination, mayReach } from '../notify/destination.ts'
import { publicKeyOf } from '../notify/signing.ts'
import type { Keyring } from '../seal.ts'
import type { World } from '../world.ts'

/** What is sealed. `until`: a secret that is being replaced; it signs up to then. */
export interface Sealed {
  url: string
  secrets: { value: string; until: number | null }[]
}

const placeOf = (tenantId: string, id: string): string => `channel|${tenantId}|${id}`

export const needKeyring = ({ keyring }: Pick<World, 'keyring'>): Keyring => {
  if (keyring) return keyring
  throw new Failure('conflict', 'This Worker has no secret CHANNEL_KEY, so that it could not keep the channel’s own.')
}

export async function seal(world: Pick<World, 'keyring'>, tenantId: string, id: string, content: Sealed) {
  const keyring = needKeyring(world)
  return {
    keyId: keyring.first,
    sealed: await keyring.seal(JSON.stringify(content), placeOf(tenantId, id)),
    hint: await hintOf(content),
  }
}

export const open = async (
  world: Pick<World, 'keyring'>,
  row: { tenantId: string; id: string; sealed: string; keyId: string },
): Promise<Sealed> =>
  JSON.parse(await needKeyring(world).open(row.sealed, row.keyId, placeOf(row.tenantId, row.id))) as Sealed

/** Secrets that are valid at this moment, newest first. */
export const validAt = ({ url, secrets }: Sealed, now: number): Destination => ({
  url,
  secrets: secrets.filter(({ until }) => until === null || until > now).map(({ value }) => value),
})

const lastFour = (text: string): string => (text.length > 8 ? `…${text.slice(-4)}` : '…')

async function hintOf({ url, secrets }: Sealed): Promise<ChannelHint> {
  const { protocol, host } = new URL(url)
  const keys = await Promise.all(secrets.map(({ value }) => publicKeyOf(value)))
  return {
    url: `${protocol}//${host}/${lastFour(url)}`,
    secrets: secrets.map(({ value, until }) => ({ hint: lastFour(value), until })),
    publicKeys: keys.filter((key) => key !== null),
  }
}

/** Why nothing may be sent there now; null when it may. Names are resolved anew: they may lead elsewhere than before. */
export async function objection(
  world: Pick<World, 'resolve' | 'allowLocalReceivers'>,
  kind: ChannelKind,
  to: Destination,
): Promise<{ reason: string; isForGood: boolean } | null> {
  const allowLocal = world.allowLocalReceivers
  const [fault] = checkDestination(kind, to, { allowLocal })
  if (fault) return { reason: `${fault.field} ${fault.detail}`, isForGood: true }
  // The hosts of chat platforms are known by name; TLS proves that it is they who answer.
  if (channelOf(kind).hosts !== 'any') return null
  const name = new URL(to.url).hostname.replace(/^\[|\]$|\.$/g, '')
  if (parseAddress(name) || (allowLocal && name === 'localhost')) return null
  try {
    const addresses = await world.resolve(name)
    const isSafe = addresses.every(({ text }) => mayReach(text, { allowLocal }))
    return isSafe ? null : { reason: 'its name leads to a private or special address', isForGood: false }
  } catch {
    return { reason: 'its name could not be resolved', isForGood: false }
  }
}

/** A text in which nothing of the destination can be read: for logs, answers and previews. */
export function masked(text: string, { url, secrets }: Destination): string {
  const { pathname, search, searchParams } = new URL(url)
  const path = pathname.slice(1)
  const parts = [...secrets, `${path}${search}`, path, search, ...searchParams.values()]
  // A word such as `services` is no secret, and may stand in the text for itself.
  const segments = pathname.split('/').filter((part) => part.length >= 16 || /[\dA-Z]/.test(part))
  const hidden = [...parts, ...segments, ...secrets.flatMap((one) => [btoa(one), one.split(':').at(-1) ?? ''])]
    .filter((part) => part.length >= 8)
    .flatMap((part) => [part, encodeURIComponent(part)])
    .sort((a, b) => b.length - a.length)
  return hidden.reduce((masking, part) => masking.replaceAll(part, lastFour(part)), text)
}
