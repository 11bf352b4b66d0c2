/** A valid value of a JSON Schema, with words that mean something where a field's name tells what they are. */
import type { Luck } from './luck.ts'

export interface Schema {
  type?: string | string[]
  $ref?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema | Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  pattern?: string
  format?: string
  additionalProperties?: boolean | Schema
}

/** Ids and addresses that are known, by the prefix of an id or the name of a field. */
export type Pool = ReadonlyMap<string, readonly string[]>

const WORDS = ['web', 'mail', 'fra-1', 'prod', 'Ωmega', 'a b', 'x-1']
const TIMES = ['2026-12-01T00:00:00Z', '2030-01-01T00:00:00.000Z', '2026-11-28T22:00:00Z']
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  address: ['127.70.0.9', '127.70.1.9', '127.70.2.9', '203.0.113.9', '::1', 'example.test'],
  sourceAddress: ['127.70.9.1', '127.70.9.2', '198.51.100.7'],
  ports: ['22', '22,80,443', '1-1024', 'top-100', '80,8000-8010'],
  schedule: ['0 3 * * *', '*/5 * * * *', '@daily'],
  timezone: ['UTC', 'Europe/Berlin', 'Asia/Kolkata'],
  cidr: ['127.70.0.0/24', '198.51.100.0/24', '2001:db8::/48'],
  url: ['http://127.0.0.1:9/in/x', 'https://hooks.slack.com/services/T0/B0/x', 'https://example.test/hook'],
  country: ['DE', 'US', 'SG'],
  profile: ['discovery', 'standard', 'assertive', 'accompany'],
  site: ['fra-1', 'nyc-1', 'sgp-1'],
  until: TIMES,
}

export function validOf(schema: Schema | undefined, luck: Luck, pool: Pool, name = '', depth = 0): unknown {
  if (!schema || depth > 8) return null
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return luck.pick(schema.enum)
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf
  if (choices) return validOf(luck.pick(choices), luck, pool, name, depth + 1)
  const type = Array.isArray(schema.type) ? luck.pick(schema.type) : schema.type
  switch (type) {
    case 'object': {
      const entries = Object.entries(schema.properties ?? {}).filter(
        ([key]) => schema.required?.includes(key) || luck.chance(0.5),
      )
      return Object.fromEntries(entries.map(([key, one]) => [key, validOf(one, luck, pool, key, depth + 1)]))
    }
    case 'array': {
      const items = Array.isArray(schema.items) ? schema.items[0] : schema.items
      const least = schema.minItems ?? 0
      const count = Math.min(schema.maxItems ?? 4, least + luck.below(3))
      return Array.from({ length: count }, () => validOf(items, luck, pool, name.replace(/e?s$/, ''), depth + 1))
    }
    case 'integer':
    case 'number': {
      const from = schema.minimum ?? 0
      const to = schema.maximum ?? from + 100
      return luck.chance(0.2) ? luck.pick([from, to]) : from + luck.below(Math.min(to - from, 10_000) + 1)
    }
    case 'boolean':
      return luck.chance(0.5)
    case 'null':
      return null
    default:
      return textOf(schema, luck, pool, name)
  }
}

function textOf(
  { pattern = '', format = '', minLength = 0, maxLength = 40 }: Schema,
  luck: Luck,
  pool: Pool,
  name: string,
): string {
  const [, prefix] = /\^([a-z]{3})_/.exec(pattern) ?? []
  const known = pool.get(prefix ?? '') ?? pool.get(name)
  if (known && known.length > 0) return luck.pick(known)
  if (format.startsWith('date') || /At$|^from$|^to$/.test(name)) return luck.pick(TIMES)
  const words = FIELDS[name]
  if (words) return luck.pick(words)
  const word = luck.pick(WORDS)
  return word.padEnd(minLength, 'x').slice(0, Math.max(minLength, Math.min(maxLength, 40)))
}
