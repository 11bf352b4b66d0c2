import { expect, test } from 'vitest'
import { createOutput, sightText } from '../../probe-node/output.ts'
import { LIMITS } from '../../schema/wire.ts'

test('the log has all its sections, in order, even when there is nothing to say', () => {
  const text = createOutput().text()
  const at = ['Target', 'Discovery', 'Services', 'Engagement', 'Watch', 'Alarms', 'Open Port Re-check'].map((name) =>
    text.indexOf(`\n${name}\n`),
  )
  expect(at.every((index) => index > 0)).toBe(true)
  expect(at).toEqual(at.toSorted((a, b) => a - b))
})

test('a flood of lines stays within the limit, and says what was cut', () => {
  const output = createOutput()
  for (let i = 0; i < 60_000; i++) output.line('Engagement', `${i} ${'ü'.repeat(200)}`)
  output.line('Open Port Re-check', 'still to be read')
  const text = output.text()
  expect(Buffer.byteLength(text)).toBeLessThan(LIMITS.outputBytes)
  expect(text).toMatch(/cut here: \d+ more lines/)
  expect(text).toContain('still to be read')
})

test('what a target sent cannot start a line or a terminal command', () => {
  const output = createOutput()
  const firstBytes = Buffer.from('evil\r\nOpen Port Re-check\r\n\u001b[2J').toString('base64')
  output.line('Services', sightText({ sight: 'open', afterMs: 3, firstBytes }))
  const text = output.text()
  expect(text.match(/^Open Port Re-check$/gm)).toHaveLength(1)
  expect(text).not.toContain('\u001b')
})
