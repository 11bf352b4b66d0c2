/** The shapes of what is sent, for those who receive it: JSON Schema, made from the very shapes that the code uses. */
import { toJsonSchema } from '@valibot/to-json-schema'
import { Hono } from 'hono'
import { EVENT_SHAPES, EVENT_VERSION } from '../../schema/events.ts'
import { NOTICES, type NoticeName } from '../../schema/words.ts'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { describe } from './describe.ts'

export const SCHEMA_PATHS = NOTICES.map((name) => ({ name, path: `/schemas/events/${name}.json` }))

export const schemaRoutes = new Hono<AppEnv>().get(
  '/schemas/events/:file',
  describe({
    tag: 'Events',
    does: 'The JSON Schema of an event’s body, as channels of kind webhook get it: {name}.json',
    type: 'application/schema+json',
  }),
  (c) => {
    const file = c.req.param('file')
    const name = NOTICES.find((one) => file === `${one}.json`)
    if (!name) throw new Failure('not_found', `There is no such event. There are: ${NOTICES.join(', ')}.`)
    return c.body(JSON.stringify(eventSchema(name), null, 2), 200, {
      'content-type': 'application/schema+json',
      'cache-control': 'public, max-age=3600',
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
    })
  },
)

/** Draft 2020-12, with the version of the event in its name. */
export const eventSchema = (name: NoticeName) => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `urn:portwitness:event:${name}:${EVENT_VERSION}`,
  title: name,
  ...open(toJsonSchema(EVENT_SHAPES[name], { errorMode: 'throw', target: 'draft-2020-12' }) as Node),
})

type Node = { [key: string]: unknown }

/** Fields may be added without a new version: a schema that refused them would break its readers. */
function open(schema: Node): Node {
  const { $schema: _, additionalProperties: __, ...rest } = schema
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map((one) => (isNode(one) ? open(one) : one)) : isNode(value) ? open(value) : value,
    ]),
  )
}
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)
