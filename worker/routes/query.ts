import type { Context } from 'hono'
import { badField } from '../failure.ts'
import { type PageRequest, readCursor } from '../store/page.ts'

/** `limit` and `cursor` of a list. */
export function pageRequest(c: Context): PageRequest {
  const limit = c.req.query('limit') ?? '50'
  const cursor = c.req.query('cursor')
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 200)
    throw badField('invalid', 'limit', 'must be from 1 to 200')
  const read = cursor === undefined ? null : readCursor(cursor)
  if (cursor !== undefined && read === null)
    throw badField('invalid', 'cursor', 'must be the nextCursor of an earlier page')
  return { limit: Number(limit), cursor: read }
}

/** A query parameter that must be one of these words. */
export function wordIn<T extends string>(c: Context, name: string, words: readonly T[]): T | undefined {
  const value = c.req.query(name)
  if (value === undefined) return undefined
  const word = words.find((one) => one === value)
  if (word === undefined) throw badField('invalid', name, `must be one of ${words.join(', ')}`)
  return word
}

/** A query parameter of bounded length. */
export function textIn(c: Context, name: string, max: number): string | undefined {
  const value = c.req.query(name)
  if (value !== undefined && value.length > max) throw badField('invalid', name, `must not be longer than ${max}`)
  return value
}
