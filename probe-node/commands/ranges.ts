import type { RangeAnswer } from '../../schema/api.ts'
import { openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach, workerUrl } from './options.ts'
import { table } from './table.ts'

/** The published ranges as they are served; needs no key. */
const FORMATS: Readonly<Record<string, string>> = { text: '/ip-ranges.txt', json: '/ip-ranges.json' }
const NAMES = Object.keys(FORMATS).join(', ')
const NEVER_PRIVATE = 'Private ranges are never published.\n'

export const ranges: Command = {
  summary: 'list our source address ranges, or print the published ones',
  usage: `portwitness ranges [--json] | --format F

  --format F                the published ranges alone: ${NAMES}; needs no key
  --url U, --key K          the Worker and a key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)
`,
  async run(args) {
    const { values } = parse(args, { ...REACH, format: { type: 'string' }, json: { type: 'boolean', default: false } })
    if (values.format !== undefined) {
      const path = Object.hasOwn(FORMATS, values.format) ? FORMATS[values.format] : undefined
      if (!path) throw usageError(`--format must be one of ${NAMES}.`)
      const text = await openApi({ url: workerUrl(values), key: '' }).text(path)
      process.stdout.write(text)
      if (text.trim() === '') process.stderr.write(`No ranges. ${NEVER_PRIVATE}`)
      return EXIT.clear
    }
    const { items } = await openApi(reach(values)).get<{ items: RangeAnswer[] }>('/api/v1/ranges')
    if (values.json) process.stdout.write(jsonText(items))
    else if (items.length === 0) {
      process.stdout.write('No ranges.\n')
      process.stderr.write(NEVER_PRIVATE)
    } else
      process.stdout.write(
        table(
          ['RANGE', 'SITE', 'COUNTRY', 'STATE', 'ACTIVE FROM'],
          items.map((it) => [it.cidr, it.site, it.country, it.state, it.activeFrom]),
        ),
      )
    return EXIT.clear
  },
}
