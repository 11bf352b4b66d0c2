import type { RangeAnswer } from '../../schema/api.ts'
import { openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach, webAddress } from './options.ts'
import { table } from './table.ts'

export const ranges: Command = {
  summary: 'list our source address ranges, or print them in a firewall’s own format',
  usage: `portwitness ranges [--json] | --format F

  --format F                the published ranges in this format, as at /ip-ranges/F; needs no key
  --url U, --key K          the Worker and a key (or PORTWITNESS_URL, PORTWITNESS_KEY)
`,
  async run(args) {
    const { values } = parse(args, { ...REACH, format: { type: 'string' }, json: { type: 'boolean', default: false } })
    if (values.format !== undefined) {
      if (!/^[a-z0-9-]{1,40}$/.test(values.format)) throw usageError('--format must be a format’s name.')
      const url = values.url ?? process.env.PORTWITNESS_URL
      if (!url) throw usageError('--url is missing (or set PORTWITNESS_URL).')
      process.stdout.write(await openApi({ url: webAddress(url), key: '' }).text(`/ip-ranges/${values.format}`))
      return EXIT.clear
    }
    const { items } = await openApi(reach(values)).get<{ items: RangeAnswer[] }>('/api/v1/ranges')
    if (values.json) process.stdout.write(jsonText(items))
    else
      process.stdout.write(
        table(
          ['RANGE', 'SITE', 'COUNTRY', 'STATE', 'ACTIVE FROM'],
          items.map((it) => [it.cidr, it.site, it.country, it.state, it.activeFrom]),
        ),
      )
    return EXIT.clear
  },
}
