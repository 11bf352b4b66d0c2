/** The published ranges, for anybody and without a key. Private ranges never appear. */
import { toJsonSchema } from '@valibot/to-json-schema'
import { type Context, Hono } from 'hono'
import { parseAddress } from '../../schema/address.ts'
import { CheckAnswer, RangeDiff, RangeList, VersionsAnswer } from '../../schema/ranges.ts'
import type { AppEnv } from '../context.ts'
import { checkAddress } from '../core/ranges/check.ts'
import { atomFeed, jsonFeed, titleOf } from '../core/ranges/feeds.ts'
import { diffOf, listOf, textOfList, type Version } from '../core/ranges/list.ts'
import { awsLike, geofeed, googleLike, mispWarninglist, plainText } from '../core/ranges/twins.ts'
import { contactUri, probingText, securityText } from '../core/ranges/well-known.ts'
import { badField, Failure } from '../failure.ts'
import { base64, type SigningKey, signingKeyOf } from '../signing.ts'
import { listRanges, publicChanges, readPublished, readVersion } from '../store/ranges.ts'
import { cached } from './cached.ts'
import { describe } from './describe.ts'
import { iso } from './shape.ts'

const TAG = 'Published ranges'
const JSON_TYPE = 'application/json'
const TEXT = 'text/plain; charset=utf-8'
const FEED_ENTRIES = 100
const VERSIONS = 1_000
const UNSIGNED = 'This list is not signed: the Worker was given no RANGE_SIGNING_KEY.'

type Ask = Context<AppEnv>
type List = RangeList

/** Where we are reached from outside. */
export const baseOf = (c: Ask): string => c.env.PUBLIC_URL ?? new URL(c.req.url).origin

/** Null when the list goes out unsigned. A key that cannot be read is the operator's to mend: it is logged. */
export async function rangeKey(c: Ask): Promise<SigningKey | null> {
  const text = c.env.RANGE_SIGNING_KEY?.trim()
  if (!text) return null
  try {
    return await signingKeyOf(text)
  } catch (error) {
    console.error(JSON.stringify({ event: 'signing.failed', error: error instanceof Error ? error.message : '' }))
    return null
  }
}

const mustBeSigned = async (c: Ask): Promise<SigningKey> => {
  const key = await rangeKey(c)
  if (!key) throw new Failure('not_found', UNSIGNED)
  return key
}

const bytesOf = (list: List) => new TextEncoder().encode(textOfList(list)) as Uint8Array<ArrayBuffer>
const serialHeaders = (list: List) => ({
  'x-ip-ranges-serial': String(list.serial),
  'x-ip-ranges-version': list.version,
})

/**
 * The list with its signature over the very bytes that are sent, or the word that there is none. What belongs together (list,
 * signature, key) is asked for anew at each use: kept for an hour each, a cache would pair the old one with the new other.
 */
async function signedList(c: Ask, version: Version): Promise<Response> {
  const list = listOf(version)
  const bytes = bytesOf(list)
  const key = await rangeKey(c)
  const signature: Record<string, string> = key
    ? { 'x-ip-ranges-signature': base64(await key.sign(bytes)), 'x-ip-ranges-key': key.keyId }
    : { 'x-ip-ranges-signature': 'none' }
  const headers = { ...serialHeaders(list), ...signature }
  return cached(c.req.raw, bytes, { type: JSON_TYPE, changedAt: version.changedAt, keep: 'asking', headers })
}

/** One version for ever, and so without the signature: that is as old as the key, and is asked for at `.sig`. */
async function permalink(c: Ask, version: Version): Promise<Response> {
  const list = listOf(version)
  const { changedAt } = version
  return cached(c.req.raw, bytesOf(list), { type: JSON_TYPE, changedAt, keep: 'ever', headers: serialHeaders(list) })
}

/** The signature alone: 64 bytes, as `openssl pkeyutl -sigfile` wants them. */
async function signatureOf(c: Ask, version: Version): Promise<Response> {
  const key = await mustBeSigned(c)
  const list = listOf(version)
  const headers = { ...serialHeaders(list), 'x-ip-ranges-key': key.keyId }
  // Without the time of the list: another key changes the signature alone.
  return cached(c.req.raw, await key.sign(bytesOf(list)), {
    type: 'application/octet-stream',
    keep: 'asking',
    headers,
  })
}

/** The list that is published now, in the form that `write` gives it. */
const inForm = (type: string, write: (list: List) => string) => async (c: Ask) => {
  const version = await readPublished(c.var.world.db)
  const list = listOf(version)
  return cached(c.req.raw, write(list), { type, changedAt: version.changedAt, headers: serialHeaders(list) })
}

const feed = (type: string, write: typeof atomFeed) => async (c: Ask) => {
  const changes = await publicChanges(c.var.world.db, FEED_ENTRIES)
  return cached(c.req.raw, write(changes, baseOf(c)), { type, changedAt: changes[0]?.at ?? null })
}

async function versionAt(c: Ask, serial: number): Promise<Version> {
  const version = await readVersion(c.var.world.db, serial)
  if (!version) throw new Failure('not_found', `There is no version ${serial}. All are listed at /ip-ranges/versions.`)
  return version
}

function serialIn(c: Ask, name: string): number | null {
  const text = c.req.query(name)
  if (text === undefined) return null
  if (!/^\d{1,9}$/.test(text)) throw badField('invalid', name, 'must be the serial of a version')
  return Number(text)
}

const said = (does: string, type: string) => describe({ tag: TAG, does, type })

const listRoutes = new Hono<AppEnv>()
  .get(
    '/ip-ranges.json',
    describe({ tag: TAG, does: 'Our ranges, with the life of each', answer: RangeList }),
    async (c) => signedList(c, await readPublished(c.var.world.db)),
  )
  .get(
    '/ip-ranges.json.sig',
    said('Detached Ed25519 signature of /ip-ranges.json, 64 bytes', 'application/octet-stream'),
    async (c) => signatureOf(c, await readPublished(c.var.world.db)),
  )
  .get('/ip-ranges.schema.json', said('JSON Schema of /ip-ranges.json', 'application/schema+json'), (c) =>
    cached(c.req.raw, SCHEMA(), { type: 'application/schema+json' }),
  )
  .get('/ip-ranges.keys.json', said('The key that signs, as a JWK set', 'application/jwk-set+json'), async (c) => {
    const key = await rangeKey(c)
    const text = `${JSON.stringify({ keys: key ? [key.publicJwk] : [] }, null, 2)}\n`
    return cached(c.req.raw, text, { type: 'application/jwk-set+json', keep: 'asking' })
  })
  .get('/ip-ranges.pem', said('The key that signs, as PEM', 'text/plain'), async (c) =>
    cached(c.req.raw, (await mustBeSigned(c)).publicPem, { type: TEXT, keep: 'asking' }),
  )
  .get('/ip-ranges.aws.json', said('The list in the layout of AWS', JSON_TYPE), inForm(JSON_TYPE, awsLike))
  .get('/ip-ranges.google.json', said('The list in the layout of Google', JSON_TYPE), inForm(JSON_TYPE, googleLike))
  .get('/ip-ranges.misp.json', said('The list as a MISP warninglist', JSON_TYPE), inForm(JSON_TYPE, mispWarninglist))
  .get(
    '/ip-ranges.txt',
    said('The list, one network a line', 'text/plain'),
    inForm(TEXT, (list) => plainText(list)),
  )
  .get(
    '/ips-v4',
    said('The IPv4 networks, one a line', 'text/plain'),
    inForm(TEXT, (list) => plainText(list, 4)),
  )
  .get(
    '/ips-v6',
    said('The IPv6 networks, one a line', 'text/plain'),
    inForm(TEXT, (list) => plainText(list, 6)),
  )
  .get('/geofeed.csv', said('Where each network is: RFC 8805', 'text/csv'), inForm('text/csv; charset=utf-8', geofeed))
  .get(
    '/ip-ranges.atom',
    said('Changes of the list, Atom', 'application/atom+xml'),
    feed('application/atom+xml; charset=utf-8', atomFeed),
  )
  .get(
    '/ip-ranges.feed.json',
    said('Changes of the list, JSON Feed', 'application/feed+json'),
    feed('application/feed+json', jsonFeed),
  )

const SCHEMA = (): string =>
  `${JSON.stringify({ title: 'Portwitness address ranges', ...toJsonSchema(RangeList, { errorMode: 'ignore' }) }, null, 2)}\n`

const versionRoutes = new Hono<AppEnv>()
  .get(
    '/ip-ranges/versions',
    describe({ tag: TAG, does: 'List the versions, newest first', answer: VersionsAnswer }),
    async (c) => {
      const changes = await publicChanges(c.var.world.db, VERSIONS)
      const versions = changes.map((change) => ({
        serial: change.serial,
        at: iso(change.at),
        title: titleOf(change),
        href: `/ip-ranges/versions/${change.serial}.json`,
      }))
      const body = { latest: versions[0]?.serial ?? 0, versions }
      return cached(c.req.raw, JSON.stringify(body), { type: JSON_TYPE, changedAt: changes[0]?.at ?? null })
    },
  )
  .get(
    '/ip-ranges/versions/:file',
    describe({
      tag: TAG,
      does: 'One version for ever: SERIAL.json, or SERIAL.json.sig for its signature',
      answer: RangeList,
    }),
    async (c) => {
      const [, serial, isSignature] = /^(\d{1,9})\.json(\.sig)?$/.exec(c.req.param('file')) ?? []
      if (serial === undefined) throw new Failure('not_found', 'A version is SERIAL.json or SERIAL.json.sig.')
      const version = await versionAt(c, Number(serial))
      // Also an old version is signed with the key of today, so that its signature is not for ever.
      return isSignature ? signatureOf(c, version) : permalink(c, version)
    },
  )
  .get(
    '/ip-ranges/diff',
    describe({
      tag: TAG,
      does: 'What changed between two versions',
      answer: RangeDiff,
      query: { from: 'serial of the version before', to: 'serial of the version after; the present one unless said' },
    }),
    async (c) => {
      const from = serialIn(c, 'from')
      const to = serialIn(c, 'to')
      if (from === null) throw badField('invalid', 'from', 'is missing: the serial of the version that you have')
      const before = await versionAt(c, from)
      const after = to === null ? await readPublished(c.var.world.db) : await versionAt(c, to)
      const diff = JSON.stringify(diffOf(listOf(before), listOf(after)), null, 2)
      return cached(c.req.raw, `${diff}\n`, {
        type: JSON_TYPE,
        changedAt: after.changedAt,
        keep: to === null ? 'hour' : 'ever',
      })
    },
  )
  .get(
    '/ip-ranges/check',
    describe({ tag: TAG, does: 'Is this address yours?', answer: CheckAnswer, query: { address: 'one IP address' } }),
    async (c) => {
      const address = parseAddress(c.req.query('address')?.trim() ?? '')
      if (!address) throw badField('invalid', 'address', 'must be one IP address in plain notation')
      const body = checkAddress(await listRanges(c.var.world.db), address)
      return cached(c.req.raw, JSON.stringify(body), { type: JSON_TYPE })
    },
  )

const wellKnownRoutes = new Hono<AppEnv>()
  .get('/.well-known/probing.txt', said('Who these probes are, and whom to write to: RFC 9511', 'text/plain'), (c) => {
    const base = baseOf(c)
    return cached(c.req.raw, probingText(base, contactUri(c.env.CONTACT) ?? base, c.var.world.now), { type: TEXT })
  })
  .get('/.well-known/security.txt', said('Whom to tell of a fault in this service: RFC 9116', 'text/plain'), (c) => {
    const contact = contactUri(c.env.CONTACT)
    if (!contact)
      throw new Failure('not_found', 'No contact is set: the operator gives one as CONTACT (mailto:, https: or tel:).')
    return cached(c.req.raw, securityText(baseOf(c), contact, c.var.world.now), { type: TEXT })
  })

export const publishedRoutes = new Hono<AppEnv>()
  .route('/', listRoutes)
  .route('/', versionRoutes)
  .route('/', wellKnownRoutes)
