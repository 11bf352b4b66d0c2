import { DEFENCES, FORMATS } from '../../schema/formats.ts'
import { printable } from '../../schema/terminal.ts'
import { openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { parse, reach, workerUrl } from './options.ts'
import { announceRange, checkRange, listRanges, moveRange, OPTIONS, showLog } from './range-actions.ts'
import { wrapped } from './wrap.ts'

/** The published ranges as they are served, and what each is for; none needs a key. */
const DOCUMENTS: Readonly<Record<string, { path: string; says: string }>> = {
  text: { path: '/ip-ranges.txt', says: 'one network a line' },
  json: { path: '/ip-ranges.json', says: 'the life of each range; signed' },
  v4: { path: '/ips-v4', says: 'one IPv4 network a line' },
  v6: { path: '/ips-v6', says: 'one IPv6 network a line' },
  aws: { path: '/ip-ranges.aws.json', says: 'for what reads ip-ranges.amazonaws.com' },
  google: { path: '/ip-ranges.google.json', says: 'for what reads lists of crawlers' },
  misp: { path: '/ip-ranges.misp.json', says: 'a MISP warninglist: a known scanner, not an attack' },
  geofeed: { path: '/geofeed.csv', says: 'where each network is; RFC 8805' },
  atom: { path: '/ip-ranges.atom', says: 'what changed, as an Atom feed' },
  'json-feed': { path: '/ip-ranges.feed.json', says: 'what changed, as a JSON feed' },
  schema: { path: '/ip-ranges.schema.json', says: 'the JSON Schema of json' },
  keys: { path: '/ip-ranges.keys.json', says: 'the key that signs it, as a JWK set' },
  pem: { path: '/ip-ranges.pem', says: 'the same as PEM' },
  versions: { path: '/ip-ranges/versions', says: 'every version of the list' },
  probing: { path: '/.well-known/probing.txt', says: 'who scans, and whom to write to; RFC 9511' },
  security: { path: '/.well-known/security.txt', says: 'whom to tell of a fault in this service; RFC 9116' },
}
const DOCUMENT_LINES = Object.entries(DOCUMENTS)
  .map(([name, { says }]) => `  ${name.padEnd(11)}${says}\n`)
  .join('')
const ALLOWLIST_LINES = DEFENCES.map(
  ({ name, formats }) => `${wrapped(`  ${name.padEnd(23)}`, formats.join(', '), 78)}\n`,
).join('')

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
  --format F                one of those below; needs no key
  --url U, --key K          the Worker and a key; an admin key of the operator
                            to change anything
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)

  check ends with 0 when the address is ours, and with 1 when it is not.

Formats of the list, and what belongs to it:
${DOCUMENT_LINES}
Formats of an allowlist that lets the list in, by where it goes:
${ALLOWLIST_LINES}`,
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
  const document = Object.hasOwn(DOCUMENTS, format) ? DOCUMENTS[format] : undefined
  const path = document?.path ?? (isAllowlist ? `/ip-ranges/${format}` : undefined)
  if (!path) throw usageError(`--format: there is no '${printable(format, 40)}'.`)
  const text = await openApi({ url: workerUrl(reachable), key: '' }).text(path)
  process.stdout.write(text)
  if (text.trim() === '') process.stderr.write('No ranges. Private ranges are never published.\n')
  return EXIT.clear
}
