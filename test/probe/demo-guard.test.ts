import { expect, test } from 'vitest'
import { makeGuard, readAllowlist } from '../../demo/guard.ts'

test('the guard of the demo shuts out who connects too often, for good', () => {
  const guard = makeGuard({ limit: 2, windowMs: 1_000 })
  expect([0, 1, 2, 5_000].map((at) => guard.admits('127.0.0.11', at))).toEqual([true, true, false, false])
  expect(guard.admits('127.0.0.12', 2)).toBe(true)
})

test('whom its allowlist names it never counts, and lets in again', () => {
  let text = ''
  const guard = makeGuard({ limit: 1, windowMs: 1_000, isAllowed: (source) => readAllowlist(text)(source) })
  expect([0, 1].map((at) => guard.admits('127.0.0.11', at))).toEqual([true, false])
  text = '127.0.0.8/29 # the scanner\n'
  expect([2, 3, 4].map((at) => guard.admits('127.0.0.11', at))).toEqual([true, true, true])
  text = ''
  expect([5, 6].map((at) => guard.admits('127.0.0.11', at))).toEqual([true, false])
})

test('an allowlist is read a network a line, and what is none is passed over', () => {
  const isListed = readAllowlist(
    '# ours\n192.0.2.7\n\n 198.51.100.0/24 # site\n2001:db8::/32\nnonsense\n10.0.0.0/33\n0.0.0.0/x\n',
  )
  const asked = ['192.0.2.7', '192.0.2.8', '198.51.100.200', '2001:db8::9', '2001:db9::9', '10.0.0.1', 'nonsense']
  expect(asked.filter(isListed)).toEqual(['192.0.2.7', '198.51.100.200', '2001:db8::9'])
})
