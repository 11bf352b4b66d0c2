import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable } from '../../schema/terminal.ts'

test.each([
  ['a screen wipe', '\x1b[2J\x1b[HSSH-2.0-x', '[2J[HSSH-2.0-x'],
  ['a window title (OSC)', '\x1b]0;owned\x07SSH', ']0;ownedSSH'],
  ['an 8-bit command (CSI)', '\u009b31mred', '31mred'],
  ['a line that overwrites the verdict', 'blocked\rclear', 'blocked clear'],
  ['a forged log line', 'x\r\n2026-01-01 verdict clear', 'x 2026-01-01 verdict clear'],
  ['text turned around', 'abc\u202egpj.exe', 'abcgpj.exe'],
  ['isolates', '\u2066a\u2069', 'a'],
  ['zero width', 'po\u200brt\ufeff\u2060', 'port'],
  ['a tag smuggled in plane 14', 'a\u{e0041}b', 'ab'],
  ['a lone surrogate', 'a\ud800b', 'ab'],
  ['backspaces', 'open\b\b\b\bshut', 'openshut'],
  ['line separators', 'a\u2028b', 'a b'],
  ['a blank that fills the line with nothing', 'a\u3164b', 'ab'],
  ['harmless foreign words', 'Grüße 東京 🚢', 'Grüße 東京 🚢'],
])('%s is disarmed', (_, hostile, shown) => expect(printable(hostile, 80)).toBe(shown))

test('bytes that are no text still show what can be read', () => {
  expect(printable(new Uint8Array([0xff, 0xfd, 0x18, 0x6c, 0x6f, 0x67, 0x69, 0x6e]), 40)).toBe('\ufffd\ufffdlogin')
})

test('a long greeting is cut, with a sign that it was', () => {
  expect(printable('220 mail.example.com ESMTP', 10)).toBe('220 mail.…')
  expect(printable('ten chars!', 10)).toBe('ten chars!')
  expect([...printable('🚢'.repeat(30), 5)]).toEqual(['🚢', '🚢', '🚢', '🚢', '…'])
})

test('a megabyte of banner costs no more than its beginning', () => {
  expect(printable(new Uint8Array(1 << 20).fill(0x41), 20)).toBe(`${'A'.repeat(19)}…`)
})

test('whatever a target sends, one bounded line of visible text comes out', () => {
  const control = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 600 })),
      fc.integer({ min: 1, max: 100 }),
      (input, max) => {
        const shown = printable(input, max)
        expect([...shown].length).toBeLessThanOrEqual(max)
        expect(shown).not.toMatch(control)
        expect(printable(shown, max)).toBe(shown)
      },
    ),
  )
})
