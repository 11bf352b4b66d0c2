/** The page of our addresses, for everybody. */
import { Hono } from 'hono'
import { parseAddress } from '../../schema/address.ts'
import type { AppEnv } from '../context.ts'
import { checkAddress } from '../core/ranges/check.ts'
import { isPublished, type Range } from '../core/ranges/life.ts'
import { listOf } from '../core/ranges/list.ts'
import { type Asked, RangesPage } from '../portal/ranges.tsx'
import { publicChanges, readBook } from '../store/ranges.ts'
import { baseOf, rangeKey } from './published.ts'
import { frameOrNone, show } from './show.tsx'

/** Changes shown in place; the feeds have more. */
const CHANGES = 8
/** An address is never longer; what is longer is shown cut, as what it is not. */
const LONGEST = 64

export const rangesPageRoutes = new Hono<AppEnv>().get('/ranges', async (c) => {
  const { db } = c.var.world
  const [{ ranges, published }, changes] = await Promise.all([readBook(db), publicChanges(db, CHANGES)])
  return show(
    c,
    <RangesPage
      frame={await frameOrNone(c)}
      base={baseOf(c)}
      version={listOf(published).version}
      changedAt={published.changedAt}
      keyId={(await rangeKey(c))?.keyId ?? null}
      ranges={ranges.filter(isPublished)}
      changes={changes}
      asked={askedOf(ranges, c.req.query('address'))}
    />,
  )
})

function askedOf(ranges: readonly Range[], text: string | undefined): Asked | null {
  const address = text?.trim().slice(0, LONGEST) ?? ''
  if (address === '') return null
  const parsed = parseAddress(address)
  if (parsed) return { address, answer: checkAddress(ranges, parsed) }
  return { address, error: 'This is not one IP address in plain notation, such as 203.0.113.7 or 2001:db8::7.' }
}
