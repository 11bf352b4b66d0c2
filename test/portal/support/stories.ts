import { existsSync } from 'node:fs'
import { describe } from 'vitest'
import { BROWSER } from './browser.ts'

/** Stories that need a browser; where there is none their name says so. */
export function describeInBrowser(name: string, stories: () => void): void {
  if (existsSync(BROWSER)) return void describe(name, stories)
  const why = `skipped: there is no Chromium at ${BROWSER} (apt-get install chromium, or set PORTWITNESS_CHROMIUM)`
  console.warn(`${name}: ${why}`)
  describe.skip(`${name} – ${why}`, stories)
}
