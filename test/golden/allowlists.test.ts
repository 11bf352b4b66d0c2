import { expect, test } from 'vitest'
import { canExclude, renderAllowlist } from '../../worker/allowlist/render.ts'
import { FORMATS } from '../../worker/core/remedies/remedy.ts'
import { AT, FLEET, kitOf, SITUATION } from '../support/allowlists/kits.ts'

const DAY_MS = 24 * 3_600_000
const fileOf = (name: string): string => new URL(`./allowlists/${name}`, import.meta.url).pathname

test.each(FORMATS)('the published ranges for %s are written as they were', async (format) => {
  await expect(renderAllowlist(format, kitOf(FLEET)).text).toMatchFileSnapshot(fileOf(`${format}.txt`))
})

test.each(FORMATS.filter(canExclude))('so are those that shut out everybody else: %s', async (format) => {
  const { text } = renderAllowlist(format, kitOf(FLEET), { exclusive: true })
  await expect(text).toMatchFileSnapshot(fileOf(`${format}.exclusive.txt`))
})

test.each(['nftables', 'iptables', 'suricata', 'crowdsec-allowlist', 'aws-security-group', 'traefik'] as const)(
  'and those of an issue: %s',
  async (format) => {
    const kit = kitOf(FLEET, { situation: { ...SITUATION, isPolicy: true }, expiresAt: AT + 30 * DAY_MS })
    await expect(renderAllowlist(format, kit).text).toMatchFileSnapshot(fileOf(`${format}.issue.txt`))
  },
)
