/** The few words a route says of itself; the OpenAPI document is made of them. */
import { describeRoute, resolver } from 'hono-openapi'
import type * as v from 'valibot'
import { Problem } from '../../schema/api.ts'

interface Words {
  tag: string
  does: string
  body?: v.GenericSchema
  answer?: v.GenericSchema
  /** of the answer; JSON unless said */
  type?: string
  status?: 200 | 201 | 202 | 204
  query?: Record<string, string>
}

// A check that JSON Schema cannot say is left out of the document; it still holds.
const shape = (schema: v.GenericSchema) => resolver(schema, { errorMode: 'ignore' })

export const describe = ({ tag, does, body, answer, type, status = 200, query = {} }: Words) =>
  describeRoute({
    tags: [tag],
    summary: does,
    parameters: Object.entries(query).map(([name, description]) => ({
      name,
      in: 'query',
      required: false,
      description,
      schema: { type: 'string' },
    })),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: shape(body) } } } } : {}),
    responses: {
      [status]: {
        description: status === 204 ? 'Done.' : 'The answer.',
        ...(answer
          ? { content: { 'application/json': { schema: shape(answer) } } }
          : type
            ? { content: { [type]: { schema: { type: 'string' } } } }
            : {}),
      },
      default: { description: 'RFC 9457 problem', content: { 'application/problem+json': { schema: shape(Problem) } } },
    },
  })

export const PAGE_QUERY = { limit: '1 to 200, 50 unless said', cursor: '`nextCursor` of the page before' }
