import { expect, test } from 'vitest'
import { codeOf, isExhaustion, maybeLocal, sightOf } from '../../probe-node/fault.ts'
import { bindingFor, routeTo } from '../../probe-node/source.ts'

test.each([
  ['ECONNREFUSED', 'closed'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['ENOPROTOOPT', 'unreachable'],
  ['ENONET', 'unreachable'],
  ['EACCES', 'unreachable'],
  ['ECONNRESET', 'cut'],
  ['EPIPE', 'cut'],
  ['ETIMEDOUT', 'unresponsive'],
  ['EMFILE', 'probe_fault'],
  ['EADDRNOTAVAIL', 'probe_fault'],
  ['ENOBUFS', 'probe_fault'],
  ['EPERM', 'probe_fault'],
])('%s is seen as %s', (code, sight) => {
  expect(sightOf(code)).toBe(sight)
})

test('a code that nobody knows is our own fault', () => {
  expect(sightOf('EWHATEVER')).toBe('probe_fault')
  expect(sightOf('constructor')).toBe('probe_fault')
})

test('running out of our own means calls for going slower', () => {
  expect(['EMFILE', 'ENOBUFS', 'EADDRNOTAVAIL', 'ECONNREFUSED'].map(isExhaustion)).toEqual([true, true, true, false])
})

test('only an unreachable that came at once may be our own routing table', () => {
  expect([maybeLocal('ENETUNREACH', 1), maybeLocal('ENETUNREACH', 40), maybeLocal('ECONNREFUSED', 1)]).toEqual([
    true,
    false,
    false,
  ])
})

test('whatever is thrown has a code', () => {
  expect(codeOf(Object.assign(new Error('x'), { code: 'EPIPE', syscall: 'write' }))).toEqual({
    code: 'EPIPE',
    syscall: 'write',
  })
  expect(codeOf(null)).toEqual({ code: 'UNKNOWN' })
})

test('the kernel tells our source address without a packet', async () => {
  expect(await routeTo('127.0.0.9', 4)).toBe('127.0.0.1')
  expect(await bindingFor('127.0.0.1', '127.0.0.9', 4), 'it is chosen anyway').toBeNull()
  expect(await bindingFor('127.0.0.7', '127.0.0.9', 4)).toBe('127.0.0.7')
})
