import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatPorts, type PortSet, parsePorts, portSetOf } from '../../schema/ports.ts'
import { TOP_PORTS } from '../../schema/top-ports.ts'

const ports = (text: string): PortSet => {
  const set = parsePorts(text)
  if ('error' in set) throw new Error(set.error)
  return set
}
const errorOf = (text: string) => {
  const set = parsePorts(text)
  return 'error' in set ? set.error : null
}

test.each([
  ['22', '22', 1],
  ['22,80,1000-2000', '22,80,1000-2000', 1_003],
  ['-', '1-65535', 65_535],
  ['1-65535', '1-65535', 65_535],
  ['-1024', '1-1024', 1_024],
  ['65000-', '65000-65535', 536],
  [' 443 , 80 ', '80,443', 2],
  ['80,80,79-81', '79-81', 3],
  ['8100,8000-8099', '8000-8100', 101],
  ['0080', '80', 1],
  ['22,23', '22-23', 2],
])('%s means %s, %i ports', (text, canonical, size) => {
  expect(ports(text).text).toBe(canonical)
  expect(ports(text).size).toBe(size)
  expect([...ports(text).toArray()]).toEqual([...ports(text)])
})

describe('what is wrong is said, with the bad part by name', () => {
  test.each([
    ['', /empty/],
    ['   ', /empty/],
    ['22,,80', /empty part/],
    ['22,', /empty part/],
    ['0', /"0": ports go from 1 to 65535/],
    ['22,70000', /"70000": ports go from 1 to 65535/],
    ['0-10', /"0-10": ports go from 1/],
    ['100-50', /"100-50": the range runs backwards/],
    ['22,http,80', /"http" is not a port/],
    ['1-2-3', /"1-2-3" is not a port/],
    ['22 80', /"22 80" is not a port/],
    ['1e3', /"1e3" is not a port/],
    ['٢٢', /is not a port/],
    ['+22', /is not a port/],
    ['T:22', /"T:22" is not a port/],
    ['top-0', /top-1 to top-1000/],
    ['top-1001', /top-1 to top-1000/],
    ['top', /"top" is not a port/],
    ['123456', /is not a port/],
    ['\x1b[2J', /"\[2J" is not a port/],
  ])('%s', (text, error) => expect(errorOf(text)).toMatch(error))
})

test('a list without end is refused before it is read', () => {
  expect(errorOf('22,'.repeat(70_000))).toMatch(/longer than 200000 characters/)
})

test('top-20 and top-1000 are the beginning and the whole of our list', () => {
  expect([...ports('top-20')]).toEqual([...TOP_PORTS.slice(0, 20)].sort((a, b) => a - b))
  expect(ports('top-1000').size).toBe(1_000)
  expect(ports('top-20,65535').size).toBe(21)
  expect(ports('top-20').has(22)).toBe(true)
})

test('our list has a thousand different ports, the ones that matter most in front', () => {
  expect(TOP_PORTS).toHaveLength(1_000)
  expect(new Set(TOP_PORTS).size).toBe(1_000)
  expect(TOP_PORTS.every((port) => Number.isInteger(port) && port >= 1 && port <= 65_535)).toBe(true)
  const wanted = [22, 25, 53, 80, 110, 143, 443, 445, 587, 993, 995, 3306, 3389, 8080, 8443]
  expect(TOP_PORTS.slice(0, 20)).toEqual(expect.arrayContaining(wanted))
  expect(TOP_PORTS).toEqual(
    expect.arrayContaining([102, 502, 631, 873, 1433, 2049, 5432, 5985, 6379, 9200, 27017, 47808]),
  )
})

test('the longest list there can be, every second port, reads back', () => {
  const odd = Array.from({ length: 32_768 }, (_, i) => 2 * i + 1)
  expect(formatPorts(odd).length).toBeLessThan(200_000)
  expect(ports(formatPorts(odd)).size).toBe(32_768)
})

test('a set of the whole range is made and written in milliseconds', () => {
  const started = performance.now()
  for (let i = 0; i < 10; i++) expect(ports('-').text).toBe('1-65535')
  expect(performance.now() - started).toBeLessThan(1_000)
})

test('a set holds what was put in, ascending, and its text reads back as itself', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 300 }), (list) => {
      const set = portSetOf(list)
      const sorted = [...list].sort((a, b) => a - b)
      expect([...set]).toEqual(sorted)
      expect(set.size).toBe(list.length)
      expect(formatPorts(list)).toBe(set.text)
      if (list.length > 0) expect([...ports(set.text)]).toEqual(sorted)
    }),
  )
})

test('a range is all of its ports and no other, wherever it begins and ends', () => {
  const port = fc.integer({ min: 1, max: 65_535 })
  fc.assert(
    fc.property(port, fc.oneof(fc.integer({ min: 0, max: 40 }), port), (first, more) => {
      const last = Math.min(first + more, 65_535)
      const all = Array.from({ length: last - first + 1 }, (_, i) => first + i)
      const set = ports(`${first}-${last}`)
      expect(set.size).toBe(all.length)
      expect([...set.toArray()]).toEqual(all)
      expect(set.text).toBe(first === last ? `${first}` : `${first}-${last}`)
    }),
  )
})

test('has() answers for exactly the ports in the set', () => {
  const set = portSetOf([1, 8, 65_535])
  expect([1, 8, 65_535].every((port) => set.has(port))).toBe(true)
  expect([0, -1, 2, 7, 9, 65_534, 65_536, 1.5, Number.NaN].some((port) => set.has(port))).toBe(false)
})

test('no text at all makes the reader throw', () => {
  const part = fc.constantFrom('22', '-', '1-', '-9', 'top-20', '99999', '', ' ', '0', 'a', '5-1', ',')
  fc.assert(fc.property(fc.array(part), (parts) => void parsePorts(parts.join(','))))
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parsePorts(text)))
})

test('a number that is no port is a fault of the caller', () => {
  expect(() => portSetOf([0])).toThrow(RangeError)
  expect(() => portSetOf([65_536])).toThrow(RangeError)
  expect(() => formatPorts([1.5])).toThrow(RangeError)
  expect(formatPorts([])).toBe('')
})
