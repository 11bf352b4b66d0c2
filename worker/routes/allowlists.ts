/** Our ranges in the formats of the defences that must let us through: the published ones for everybody, and for one issue. */
import { type Context, Hono } from 'hono'
import type { BlankInput } from 'hono/types'
import { type AllowlistFormat, AllowlistFormats, AllowlistOffer } from '../../schema/allowlist.ts'
import { entriesOf, type Kit, textsOf } from '../allowlist/kit.ts'
import { canExclude, formatLine, GONE, isFormat, renderAllowlist } from '../allowlist/render.ts'
import type { AppEnv } from '../context.ts'
import { isPublished, touchesTargets } from '../core/ranges/life.ts'
import { listOf, type Version } from '../core/ranges/list.ts'
import { FORMATS, type Format } from '../core/remedies/remedy.ts'
import { badField, Failure } from '../failure.ts'
import { type IssueKit, issueKit } from '../issueKit.ts'
import { nameOf } from '../portal/formats.ts'
import type { AllowlistView } from '../portal/views.ts'
import { readIssue } from '../store/issues.ts'
import { readPublished } from '../store/ranges.ts'
import { cached } from './cached.ts'
import { describe } from './describe.ts'
import { wordIn } from './query.ts'

const TAG = 'Allowlists'
const QUERY = {
  exclusive: '`true`: let in the scanner and nobody else; without it, an exemption that changes nothing for others',
  family: '`4` or `6` alone',
  expires: 'ISO 8601: when the list is to be removed again; it is said in the text',
}
const TEN_YEARS_MS = 10 * 366 * 24 * 3_600_000

export const publicAllowlistRoutes = new Hono<AppEnv>()
  .get(
    '/ip-ranges/formats',
    describe({ tag: TAG, does: 'The formats that the published ranges can be had in', answer: AllowlistFormats }),
    async (c) => {
      const kit = await publicKit(c)
      const items = FORMATS.map((format) => lineOf(format, kit, `/ip-ranges/${format}`))
      return cached(c.req.raw, JSON.stringify({ items, nextCursor: null }), { type: 'application/json' })
    },
  )
  .get(
    '/ip-ranges/:format',
    describe({
      tag: TAG,
      does: 'The published ranges as an allowlist in this format, with where to put it, how to check and undo it',
      type: 'text/plain',
      query: QUERY,
    }),
    async (c) => {
      const format = formatIn(c)
      const wish = wishOf(c, format)
      const { text, type } = renderAllowlist(format, narrowed(await publicKit(c), wish), wish)
      return cached(c.req.raw, text, { type: `${type}; charset=utf-8` })
    },
  )

export const issueAllowlistRoutes = new Hono<AppEnv>()
  .get(
    '/:id/allowlist',
    describe({
      tag: TAG,
      does: 'What would let the scanner through to this target: the formats that fit the defence found, best first',
      answer: AllowlistOffer,
    }),
    async (c) => {
      const found = await ofIssue(c, c.req.param('id'))
      const { situation, entries } = found.kit
      const href = (format: Format) => hrefOf(c.req.param('id'), format)
      return c.json({
        issueId: situation?.issueId,
        target: situation?.target,
        ports: situation?.ports,
        sites: found.sites,
        ranges: textsOf(entries),
        leftOut: situation?.gone ? [{ address: situation.gone.text, detail: `${situation.gone.text} ${GONE}.` }] : [],
        items: found.fitting.map((format) => lineOf(format, found.kit, href(format))),
        others: FORMATS.filter((format) => !found.fitting.includes(format)),
        nextCursor: null,
      })
    },
  )
  .get(
    '/:id/allowlist/:format',
    describe({
      tag: TAG,
      does: 'The allowlist in this format, filled in for the target, its lost ports and the addresses that scan it',
      type: 'text/plain',
      query: QUERY,
    }),
    async (c) => {
      const format = formatIn(c)
      const wish = wishOf(c, format)
      const { kit } = await ofIssue(c, c.req.param('id'))
      const { text, type, file } = renderAllowlist(format, narrowed(kit, wish), wish)
      return new Response(text, {
        headers: {
          'content-type': `${type}; charset=utf-8`,
          'content-disposition': `inline; filename="${file}"`,
          'x-content-type-options': 'nosniff',
          'content-security-policy': "sandbox; default-src 'none'",
          'cache-control': 'private, no-store',
        },
      })
    },
  )

interface Wish {
  exclusive: boolean
  family: 4 | 6 | null
  expiresAt: number | null
}

const hrefOf = (issueId: string, format: Format) => `/api/v1/issues/${issueId}/allowlist/${format}`

type AnyContext = Context<AppEnv, string, BlankInput>

function formatIn(c: Context): Format {
  const word = c.req.param('format') ?? ''
  if (isFormat(word)) return word
  throw new Failure('not_found', `There is no such format. There are: ${FORMATS.join(', ')}.`, [], { formats: FORMATS })
}

function wishOf(c: AnyContext, format: Format): Wish {
  const exclusive = wordIn(c, 'exclusive', ['true', 'false']) === 'true'
  if (exclusive && !canExclude(format))
    throw badField(
      'invalid',
      'exclusive',
      `${format} has no exclusive form; ${FORMATS.filter(canExclude).join(', ')} have`,
    )
  const family = wordIn(c, 'family', ['4', '6'])
  return { exclusive, family: family === undefined ? null : family === '4' ? 4 : 6, expiresAt: expiresIn(c) }
}

const INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z)?$/

function expiresIn(c: AnyContext): number | null {
  const word = c.req.query('expires')
  if (word === undefined) return null
  const { now } = c.var.world
  const at = INSTANT.test(word) ? Date.parse(word) : Number.NaN
  if (!(at > now && at < now + TEN_YEARS_MS))
    throw badField('invalid', 'expires', 'must be an ISO 8601 time in UTC, in the future, within ten years')
  return at
}

const narrowed = (kit: Kit, { family, expiresAt }: Wish): Kit => ({
  ...kit,
  expiresAt,
  entries: family === null ? kit.entries : kit.entries.filter(({ cidr }) => cidr.family === family),
})

const lineOf = (format: Format, kit: Kit, href: string): AllowlistFormat => {
  const { where, check, undo, traps, ...line } = formatLine(format, kit)
  return {
    ...line,
    exclusive: canExclude(format),
    where: [...where],
    check: [...check],
    undo: [...undo],
    traps: [...traps],
    href,
  }
}

async function publicKit(c: AnyContext): Promise<Kit> {
  const version = await readPublished(c.var.world.db)
  return {
    ...headOf(c, version),
    entries: entriesOf(version.ranges.filter((range) => isPublished(range) && touchesTargets(range))),
    situation: null,
  }
}

/** What the list of ranges is called, and where it is. */
function headOf(c: AnyContext, version: Version): Pick<Kit, 'list' | 'expiresAt' | 'madeAt'> {
  const base = c.env.PUBLIC_URL ?? new URL(c.req.url).origin
  return {
    list: { version: version.serial === 0 ? null : listOf(version).version, url: `${base}/ip-ranges.json` },
    expiresAt: null,
    madeAt: c.var.world.now,
  }
}

/** The kit of one issue of the caller's. */
export async function ofIssue(c: AnyContext, id: string): Promise<Omit<IssueKit, 'kit'> & { kit: Kit }> {
  const { world, caller } = c.var
  const issue = await readIssue(world.db, caller.tenantId, id)
  if (!issue) throw new Failure('not_found', 'There is no issue with that id.')
  const [found, version] = await Promise.all([issueKit(world.db, caller.tenantId, issue), readPublished(world.db)])
  return { ...found, kit: { ...found.kit, ...headOf(c, version) } }
}

const SHOWN_CHARS = 20_000

/** What the page of an issue shows: the best format, or the one that `?allow=` names; null where no allowlist cures it. */
export function allowlistOf(
  c: AnyContext,
  { view, kit: found, published }: { view: { id: string }; kit: IssueKit; published: Version },
): AllowlistView | null {
  const kit: Kit = { ...found.kit, ...headOf(c, published) }
  const asked = c.req.query('allow')
  const format = found.fitting.find((one) => one === asked) ?? found.fitting[0]
  if (!format || kit.entries.length === 0) return null
  const { title, text, file, where, check, undo, traps } = renderAllowlist(format, kit)
  return {
    ...{ format, title, file, where, check, undo, traps },
    isCut: text.length > SHOWN_CHARS,
    text: text.slice(0, SHOWN_CHARS),
    href: hrefOf(view.id, format),
    fitting: found.fitting.map((one) => ({
      format: one,
      name: nameOf(one),
      href: `/issues/${view.id}?allow=${one}#allowlist`,
    })),
  }
}
