import type { EnrolmentAnswer } from '../../schema/api.ts'
import { openApi } from './api.ts'
import { type Command, EXIT } from './command.ts'
import { needed, neededAddress, parse, REACH, reach, wholeNumber } from './options.ts'

const OPTIONS = {
  ...REACH,
  site: { type: 'string' },
  'source-address': { type: 'string' },
  country: { type: 'string' },
  provider: { type: 'string' },
  asn: { type: 'string' },
  'range-active': { type: 'boolean', default: false },
} as const

export const enrol: Command = {
  summary: 'get a one-use token for a new probe',
  usage: `portwitness enrol --site S --source-address IP [--country CC]
                  [--provider NAME] [--asn N] [--range-active]

  Prints a token with which one probe at this address can enrol, once. An
  address in a known range is part of it; any other becomes a range of its own.
  --range-active            skip the 30 days of notice for the range that holds
                            the address: a first fleet, or allowlists that
                            have it already (always so for private addresses)
  --url U, --key K          the Worker and an admin key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)
`,
  async run(args) {
    const { values } = parse(args, OPTIONS)
    const site = needed(values.site, 'site')
    const sourceAddress = neededAddress(values['source-address'], 'source-address')
    const asn = wholeNumber(values.asn, 'asn', 1, 4_294_967_295)
    const { token, range } = await openApi(reach(values)).send<EnrolmentAnswer>('POST', '/api/v1/probes/enrolments', {
      site,
      sourceAddress,
      country: values.country,
      provider: values.provider,
      asn,
      rangeActive: values['range-active'] || undefined,
    })
    process.stdout.write(`${token}\n`)
    // On stderr: what is piped on is the token alone.
    if (range?.state === 'announced')
      process.stderr.write(
        `${range.cidr} is announced: this probe scans from ${range.activeFrom.slice(0, 10)} on (--range-active skips the notice).\n`,
      )
    return EXIT.clear
  },
}
