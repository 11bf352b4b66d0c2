import { Hono } from 'hono'
import { pageOf, RangeAnswer, RangeChange } from '../../schema/api.ts'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { bodyAs } from '../guards/limit.ts'
import { allow, operator } from '../guards/tenant.ts'
import { sha256 } from '../secrets.ts'
import { changeRange, listRanges, type Range } from '../store/ranges.ts'
import { describe } from './describe.ts'
import { iso, isPublished, maybeIso, rangeAnswer } from './shape.ts'

const TAG = 'Ranges'

export const rangeRoutes = new Hono<AppEnv>()
  .get('/', describe({ tag: TAG, does: 'List the ranges we scan from', answer: pageOf(RangeAnswer) }), async (c) =>
    c.json({ items: (await listRanges(c.var.world.db)).map(rangeAnswer), nextCursor: null }),
  )
  .patch(
    '/:id',
    describe({ tag: TAG, does: 'Move a range on in its life', body: RangeChange, answer: RangeAnswer }),
    operator,
    allow('admin'),
    async (c) => {
      const { state } = await bodyAs(c, RangeChange)
      const row = await changeRange(c.var.world.db, c.req.param('id'), state, c.var.world.now)
      if (!row) throw new Failure('not_found', 'There is no range with that id.')
      return c.json(rangeAnswer(row))
    },
  )

/** What anybody may fetch without a key. Private ranges never appear. */
export const publicRangeRoutes = new Hono<AppEnv>()
  .get('/ip-ranges.json', describe({ tag: TAG, does: 'The published ranges', type: 'application/json' }), async (c) => {
    const ranges = await published(c.var.world.db)
    const changedAt = changedAtOf(ranges, c.var.world.now)
    const prefixes = ranges.map((row) => ({
      prefix: row.cidr,
      family: row.cidr.includes(':') ? 6 : 4,
      site: row.site,
      country: row.country,
      provider: row.provider,
      status: row.state,
      announcedAt: iso(row.announcedAt),
      activeFrom: iso(row.activeFrom),
      retireAfter: maybeIso(row.retireAfter),
    }))
    return cached(
      c.req.raw,
      JSON.stringify({ schema: 1, changedAt: iso(changedAt), prefixes }, null, 2),
      'application/json',
    )
  })
  .get(
    '/ip-ranges.txt',
    describe({ tag: TAG, does: 'The published ranges, one a line', type: 'text/plain' }),
    async (c) => text(c.req.raw, await published(c.var.world.db)),
  )
  .get(
    '/ips-v4',
    describe({ tag: TAG, does: 'The published IPv4 ranges, one a line', type: 'text/plain' }),
    async (c) =>
      text(
        c.req.raw,
        (await published(c.var.world.db)).filter((row) => !row.cidr.includes(':')),
      ),
  )
  .get(
    '/ips-v6',
    describe({ tag: TAG, does: 'The published IPv6 ranges, one a line', type: 'text/plain' }),
    async (c) =>
      text(
        c.req.raw,
        (await published(c.var.world.db)).filter((row) => row.cidr.includes(':')),
      ),
  )
  .get(
    '/.well-known/probing.txt',
    describe({ tag: TAG, does: 'Who these probes are, and whom to write to: RFC 9511', type: 'text/plain' }),
    async (c) => {
      const base = c.env.PUBLIC_URL ?? new URL(c.req.url).origin
      // To the day, so that the text keeps its ETag for one.
      const expires = new Date(Math.floor(c.var.world.now / DAY_MS) * DAY_MS + 365 * DAY_MS)
      return cached(c.req.raw, probingText(base, c.env.CONTACT ?? base, expires), 'text/plain; charset=utf-8')
    },
  )

/** When the list was last another one. */
export const changedAtOf = (ranges: readonly Range[], now: number): number =>
  Math.max(0, ...ranges.map((row) => Math.max(row.announcedAt, row.activeFrom <= now ? row.activeFrom : 0)))

const DAY_MS = 24 * 3_600_000

/** RFC 9511, in the form of RFC 9116: each probe names this page in what it sends. */
const probingText = (base: string, contact: string, expires: Date): string =>
  [
    '# You are reading this because a probe of ours has touched a host of yours.',
    `Canonical: ${base}/.well-known/probing.txt`,
    `Contact: ${contact}`,
    `Expires: ${expires.toISOString()}`,
    'Preferred-Languages: en',
    'Description: Portwitness scans hosts for open ports at the request of those who answer for them, and checks whether the scan was blocked. Write to the contact to have your network left alone.',
    `# Our source addresses: ${base}/ip-ranges.txt`,
    '',
  ].join('\n')

export const published = async (db: Parameters<typeof listRanges>[0]): Promise<Range[]> =>
  (await listRanges(db)).filter(isPublished)
const text = (request: Request, ranges: readonly Range[]) =>
  cached(request, ranges.map((row) => `${row.cidr}\n`).join(''), 'text/plain; charset=utf-8')

/** A strong ETag over the body: who has it already is told so in one line. */
export async function cached(request: Request, body: string, type: string): Promise<Response> {
  const etag = `"${(await sha256(body)).slice(0, 32)}"`
  const headers = {
    etag,
    'cache-control': 'public, max-age=3600',
    'content-type': type,
    'x-content-type-options': 'nosniff',
  }
  const known = (request.headers.get('if-none-match') ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''))
  return known.includes(etag) || known.includes('*')
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers })
}
