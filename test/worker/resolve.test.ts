/** What name servers say over HTTPS, where no resolver is bound: records in their JSON form. */
import { afterEach, expect, test, vi } from 'vitest'
import { recordsOf, resolverOf, unquoted } from '../../worker/resolve.ts'

afterEach(() => vi.unstubAllGlobals())

const says = (answers: Record<string, unknown>, status = 200) => {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(url)
    const type = new URL(url).searchParams.get('type') ?? ''
    return Response.json(answers[type] ?? { Status: 0 }, { status })
  })
  return asked
}

test.each([
  ['"one string"', 'one string'],
  ['"two " "strings"', 'two strings'],
  ['"a \\"quoted\\" word"', 'a "quoted" word'],
  ['plain', 'plain'],
  ['""', ''],
])('a TXT record written %s is %s', (data, text) => expect(unquoted(data)).toBe(text))

test('TXT and PTR records are those of the asked type alone', async () => {
  const Answer = [
    { type: 5, data: 'alias.example.' },
    { type: 16, data: '"portwitness-verification=" "0123"' },
  ]
  const asked = says({ 16: { Status: 0, Answer }, 12: { Status: 0, Answer: [{ type: 12, data: 'host.example.' }] } })
  expect(await recordsOf(undefined)('_x.own.example', 'TXT')).toEqual(['portwitness-verification=0123'])
  expect(await recordsOf(undefined)('7.1.33.45.in-addr.arpa', 'PTR')).toEqual(['host.example.'])
  expect(asked.map((url) => new URL(url).searchParams.get('name'))).toEqual([
    '_x.own.example',
    '7.1.33.45.in-addr.arpa',
  ])
})

test('no such name is an answer; a server that fails, or refuses, is none', async () => {
  says({ 16: { Status: 3 } })
  expect(await recordsOf(undefined)('none.example', 'TXT')).toEqual([])
  for (const answers of [{ 16: { Status: 2 } }, { 16: { Status: 5 } }]) {
    says(answers)
    await expect(recordsOf(undefined)('down.example', 'TXT')).rejects.toMatchObject({ code: 'name_not_resolved' })
  }
  says({}, 500)
  await expect(recordsOf(undefined)('down.example', 'TXT')).rejects.toMatchObject({ code: 'name_not_resolved' })
  await expect(resolverOf(undefined)('down.example')).rejects.toMatchObject({ code: 'name_not_resolved' })
})

test('what is no address is passed over, and what is too much is refused', async () => {
  const Answer = ['127.1', '0x7f.1', '45.33.1.7', '45.33.1.7', 'host.example'].map((data) => ({ type: 1, data }))
  says({ 1: { Status: 0, Answer } })
  expect(await resolverOf(undefined)('odd.example')).toEqual([{ text: '45.33.1.7', family: 4 }])
  says({ 16: { Status: 0, Answer: [{ type: 16, data: 'x'.repeat(70_000) }] } })
  await expect(recordsOf(undefined)('flood.example', 'TXT')).rejects.toMatchObject({ code: 'name_not_resolved' })
})
