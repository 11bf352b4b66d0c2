/** What spoils a message: one change to its value, or to its text. Each has a name, and follows from its own luck. */
import { type Luck, luckFrom } from './luck.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const NUMBERS = [-1, 0, -0, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 2 ** 53 + 2, 65_535, 65_536, 1e-320, 9e15]
const TEXTS = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\udfff\ud800',
  '\u202egnp.exe',
  'e\u0301'.repeat(200),
  '👩‍👩‍👧‍👦'.repeat(50),
  'İıẞß',
  '＜script＞',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'; DROP TABLE x; --",
  '=cmd|calc',
  '\u001b]8;;http://x\u0007',
  'a\r\nset-cookie: x=y',
  '../../../etc/passwd',
  '%00%ff%2e%2e',
  '{{7*7}}$(7*7)',
  '127.0.0.1',
  '0x7f.1',
  '::ffff:10.0.0.1',
  '64:ff9b::a00:1',
  '127.0.0.1%lo',
  '0.0.0.0/0',
  '::/0',
  '1-65535',
  '0-70000',
  '22,22,22',
  '* * * * *',
  '0 0 31 2 *',
  '9999-12-31T23:59:59.999Z',
  '-271821-04-20T00:00:00Z',
  'Infinity',
  'NaN',
  'null',
  'x'.repeat(300),
  'x'.repeat(70_000),
  '1,'.repeat(20_000),
  '(a+)+$'.repeat(20),
]
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'tenantId',
  'id',
  '',
  '0',
  'then',
  'length',
]

const deep = (levels: number): Json => {
  let value: Json = 1
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { a: value }
  return value
}

const anything = (luck: Luck): Json =>
  luck.pick<() => Json>([
    () => null,
    () => luck.chance(0.5),
    () => luck.pick(NUMBERS),
    () => luck.pick(NUMBERS),
    () => luck.pick(TEXTS),
    () => luck.pick(TEXTS),
    () => luck.pick(TEXTS),
    () => [],
    () => ({}),
    () => deep(luck.pick([3, 20, 31, 32, 33, 200])),
    () => Array.from({ length: luck.pick([1, 50, 3_000]) }, () => luck.pick(NUMBERS)),
    () => Object.fromEntries(KEYS.filter((key) => key !== '__proto__').map((key) => [key, 1])),
  ])()

interface Place {
  parent: Json[] | { [key: string]: Json }
  key: string
}

/** How many places a value has, at every depth. They are counted and not listed: a long list would be a hundred times its bytes. */
function countOf(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  for (const child of Array.isArray(value) ? value : Object.values(value)) count += 1 + countOf(child)
  return count
}

/** The place of this number, counted from 0: each before those inside it. */
function placeAt(parent: Place['parent'], number: number): Place | null {
  let left = number
  for (const key of Array.isArray(parent) ? parent.keys() : Object.keys(parent)) {
    if (left === 0) return { parent, key: String(key) }
    left -= 1
    const child = at(parent, String(key))
    const inside = countOf(child)
    if (left < inside) return placeAt(child as Place['parent'], left)
    left -= inside
  }
  return null
}
const at = (parent: Place['parent'], key: string): Json => (parent as { [key: string]: Json })[key] as Json
const put = (parent: Place['parent'], key: string, value: Json): void =>
  void Object.defineProperty(parent, key, { value, enumerable: true, writable: true, configurable: true })

/** Lists grow to twice what a message may have. More than that is one text: the fuzzer itself would hold gigabytes of places. */
const MOST_CHARACTERS = 2_500_000
/** Beyond every bound on a body, a restored backup's too, so that those are met. */
const LONGEST_TEXT = 9_000_000
const sizeOf = (value: Json | undefined): number => (JSON.stringify(value) ?? 'null').length

/** Changes one place of a value; the value itself where there is none. */
function spoil(value: Json, luck: Luck): Json {
  const number = luck.below(countOf(value))
  const place = typeof value === 'object' && value !== null ? placeAt(value, number) : null
  if (!place || luck.chance(0.03)) return anything(luck)
  const { parent, key } = place
  const old = at(parent, key)
  if (luck.chance(0.0005)) {
    put(parent, key, 'x'.repeat(LONGEST_TEXT))
    return value
  }
  switch (luck.below(9)) {
    case 0:
      if (!Array.isArray(parent)) delete parent[key]
      break
    case 1:
      if (Array.isArray(parent)) parent.push(anything(luck))
      else put(parent, luck.pick(KEYS), anything(luck))
      break
    case 2:
      if (Array.isArray(old)) {
        const length = luck.pick([2, 70, 2_001])
        // A list of lists that were all made so long would be more than any message: no program could even write it.
        if (sizeOf(old[0]) * length <= MOST_CHARACTERS)
          put(
            parent,
            key,
            // Each of its own: a text that grows in one must not grow in all of them.
            Array.from({ length }, () => structuredClone(old[0] ?? null)),
          )
      } else put(parent, key, [old])
      break
    case 3:
      if (typeof old === 'number') put(parent, key, old + luck.pick([-1, 1, 0.5, 1e6, -1e6]))
      else put(parent, key, JSON.stringify(old) ?? '')
      break
    case 4:
      if (typeof old === 'string') put(parent, key, old + luck.pick(TEXTS))
      else put(parent, key, anything(luck))
      break
    default:
      put(parent, key, anything(luck))
  }
  return value
}

const encoder = { encode: (text: string) => Uint8Array.from(new TextEncoder().encode(text)) }

function joined(...parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Changes the bytes: what no program of ours would send. */
function tear(bytes: Uint8Array<ArrayBuffer>, luck: Luck): Uint8Array<ArrayBuffer> {
  const place = luck.below(bytes.length + 1)
  const with_ = (...middle: number[]) => joined(bytes.subarray(0, place), middle, bytes.subarray(place))
  switch (luck.below(8)) {
    case 0:
      return bytes.slice(0, place)
    case 1:
      return with_(luck.pick([0x00, 0xff, 0xc0, 0xed, 0xf8]), luck.below(256))
    case 2:
      return joined([0xef, 0xbb, 0xbf], bytes)
    case 3:
      return joined(bytes, encoder.encode(luck.pick(['}', ' x', '\n{}', ',', '\u2028'])))
    case 4:
      return encoder.encode('['.repeat(luck.pick([40, 5_000, 100_000])))
    case 5:
      return Uint8Array.from({ length: luck.below(400) }, () => luck.below(256))
    case 6: {
      const text = new TextDecoder().decode(bytes)
      return encoder.encode(text.replace(/"(\w+)":/, (whole, key: string) => `"${key}":1,${whole}`))
    }
    default: {
      const copy = bytes.slice()
      if (copy.length > 0) copy[luck.below(copy.length)] = luck.below(256)
      return copy
    }
  }
}

/**
 * The body of a message, spoilt `count` times. Each change has luck of its own, so that one can be left out (`without`) and
 * the others stay as they were.
 */
export function spoilt(
  value: unknown,
  { seed, count, without }: { seed: readonly number[]; count: number; without: ReadonlySet<number> },
): Uint8Array<ArrayBuffer> {
  let spoiled = structuredClone(value) as Json
  let torn: Luck | null = null
  for (let change = 0; change < count; change++) {
    const luck = luckFrom(...seed, change)
    if (without.has(change)) continue
    if (luck.chance(0.2)) torn = luck
    else spoiled = spoil(spoiled, luck)
  }
  const bytes = encoder.encode(JSON.stringify(spoiled) ?? 'null')
  return torn ? tear(bytes, torn) : bytes
}

/** A part of a path or query that nobody expects. */
export const oddText = (luck: Luck): string =>
  luck.chance(0.5)
    ? encodeURIComponent(
        luck
          .pick(TEXTS)
          .slice(0, 2_000)
          .replace(/[\ud800-\udfff]/g, ''),
      )
    : luck.pick(['%', '%zz', '%00', '..', '%2e%2e', '%C0%AF', '-1', '1e9', 'NaN', '[]', "'", '*', '~'])
