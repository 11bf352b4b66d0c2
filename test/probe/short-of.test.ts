/** A probe on a machine that has run out of something of its own: it says so, and no open port is left out in silence. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { portsIn } from '../../schema/ports.ts'
import { MANY_PORTS } from '../faults/hosts.ts'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

test('a probe without descriptors finds each open port or names it untested, and calls none closed', async () => {
  const args = ['--disable-warning=ExperimentalWarning', 'test/faults/limited.ts', '--files', '40']
  const { stdout } = await run(process.execPath, args, { cwd: ROOT })
  const told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  expect(told.outcome).toBe('done')
  const untested = portsIn(told.ports.untested || '1').toArray()
  for (const port of MANY_PORTS) expect([...told.found, ...untested]).toContain(port)
  expect(told.falselyClosed).toEqual([])
}, 120_000)
