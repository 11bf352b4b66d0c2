import { FORMATS } from '../../schema/formats.ts'
import { openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { parse, reach, workerUrl } from './options.ts'
import { announceRange, checkRange, listRanges, moveRange, OPTIONS, showLog } from './range-actions.ts'

/** The published ranges as they are served; none needs a key. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  text: '/ip-ranges.txt',
  json: '/ip-ranges.json',
  v4: '/ips-v4',
  v6: '/ips-v6',
  aws: '/ip-ranges.aws.json',
  google: '/ip-ranges.google.json',
  misp: '/ip-ranges.misp.json',
  geofeed: '/geofeed.csv',
  atom: '/ip-ranges.atom',
  'json-feed': '/ip-ranges.feed.json',
  schema: '/ip-ranges.schema.json',
  keys: '/ip-ranges.keys.json',
  pem: '/ip-ranges.pem',
  versions: '/ip-ranges/versions',
  probing: '/.well-known/probing.txt',
  security: '/.well-known/security.txt',
}
const ACTIONS = { add: announceRange, announce: announceRange, activate: moveRange, retire: moveRange, end: moveRange }

export const ranges: Command = {
  summary: 'our source address ranges: list, announce, retire, print',
  usage: `portwitness ranges [--json]                   list them all
portwitness ranges --format F                 print the published ones
portwitness ranges check ADDRESS [--json]     is this address ours?
portwitness ranges announce CIDR --site S     (or: add) begin a range's life
                   [--country CC] [--provider NAME] [--purpose P]
                   [--active-from DATE] [--skip-notice]
portwitness ranges activate RANGE [--skip-notice]
portwitness ranges retire RANGE [--after DATE]
portwitness ranges end RANGE                  nothing comes from it any more
portwitness ranges log [--json]               who changed what, and when

  A range is announced 30 days before its first packet, active, retiring for
  30 days, retired. Probes scan from active and retiring ranges alone. Private
  networks are active at once and never published.

  CIDR                      203.0.113.0/24, 2001:db8:1::/48, or one address
  RANGE                     a range's id (rng_…) or its CIDR
  --purpose P               what comes from it: scan (unless said), recheck
                            (touches that look again), webhook (our notices)
  --active-from DATE        its first day, 2026-12-28 or a full ISO 8601 time
  --after DATE              its last day; in 30 days unless said
  --skip-notice             who must know does already: a first fleet, or an
                            allowlist that is in place
  --format F                needs no key. The list and its company:
                            text, json, v4, v6, aws, google, misp, geofeed,
                            atom, json-feed, schema, keys, pem, versions,
                            probing, security
                            Allowlists for a defence:
${wrapped(FORMATS)}
  --url U, --key K          the Worker and a key; an admin key of the operator
                            to change anything
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)

  check ends with 0 when the address is ours, and with 1 when it is not.
`,
  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, 2)
    const [action, subject] = positionals
    if (values.format !== undefined) {
      if (action !== undefined) throw usageError('--format goes with no action.')
      return printPublished(values, values.format)
    }
    switch (action) {
      case undefined:
        return listRanges(openApi(reach(values)), values.json)
      case 'check':
        return checkRange(openApi({ url: workerUrl(values), key: '' }), needed(subject, 'an address'), values.json)
      case 'log':
        return showLog(openApi(reach(values)), values.json)
      default:
        if (!isAction(action))
          throw usageError(`ranges has no action '${action}': announce, activate, retire, end, check or log.`)
        return ACTIONS[action](openApi(reach(values)), action, needed(subject, 'a range'), values)
    }
  },
}

type Action = keyof typeof ACTIONS
const isAction = (text: string): text is Action => Object.hasOwn(ACTIONS, text)

function needed(subject: string | undefined, what: string): string {
  if (subject === undefined || subject === '') throw usageError(`Name ${what}.`)
  return subject
}

async function printPublished(reachable: { url?: string }, format: string): Promise<number> {
  const isAllowlist = FORMATS.some((one) => one === format)
  const path = Object.hasOwn(DOCUMENTS, format) ? DOCUMENTS[format] : isAllowlist ? `/ip-ranges/${format}` : undefined
  if (!path) throw usageError(`--format must be one of ${[...Object.keys(DOCUMENTS), ...FORMATS].join(', ')}.`)
  const text = await openApi({ url: workerUrl(reachable), key: '' }).text(path)
  process.stdout.write(text)
  if (text.trim() === '') process.stderr.write('No ranges. Private ranges are never published.\n')
  return EXIT.clear
}

/** The names below the option that takes them, no line longer than 78. */
function wrapped(names: readonly string[]): string {
  const lines = ['']
  for (const [i, name] of names.entries()) {
    const word = i < names.length - 1 ? `${name},` : name
    const last = lines.at(-1) ?? ''
    if (last.length + word.length + 1 > 50) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.map((line) => ' '.repeat(28) + line).join('\n')
}
