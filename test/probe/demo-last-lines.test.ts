/** What `npm start` says last, as a shell takes it. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lastLines } from '../../demo/lastLines.ts'

const PORTAL = 'http://127.0.0.1:8787/signin?once=pws_1'

test('the line of commands sets the address and the key, in whatever folder the clone is', async () => {
  for (const name of ['portwitness-demo-', "it's a clone $HOME-"]) {
    const folder = await mkdtemp(join(tmpdir(), name))
    try {
      const keyFile = join(folder, 'admin.key')
      await writeFile(keyFile, 'pw_secret\n')
      const said = lastLines({ portal: PORTAL, url: 'http://127.0.0.1:8788', keyFile, allowlist: null })
      expect(said).not.toContain('pw_secret')
      const line = said.split('\n').find((each) => each.includes('export '))
      const script = `${line}\nprintf '%s %s' "$PORTWITNESS_URL" "$PORTWITNESS_KEY"`
      expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe('http://127.0.0.1:8788 pw_secret')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
})

test('the guard is spoken of where there is one, and that a retest waits for rations', () => {
  const running = { portal: PORTAL, url: 'http://127.0.0.1:8787', keyFile: '.data/start/admin.key' }
  expect(lastLines({ ...running, allowlist: null })).not.toMatch(/Guard|retest/)
  const guarded = lastLines({ ...running, allowlist: '.data/start/demo-guard-allow.txt' })
  expect(guarded).toContain('lets through the networks in .data/start/demo-guard-allow.txt')
  expect(guarded).toContain('may take some minutes')
})
