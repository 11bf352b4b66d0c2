import type {
  ChannelAnswer,
  DeliveryAnswer,
  NewChannelAnswer,
  PreviewAnswer,
  TestAnswer,
} from '../../schema/channels.ts'
import { printable } from '../../schema/terminal.ts'
import { CAUSE_CLASSES, CHANNEL_KINDS, NOTICES, SEVERITIES } from '../../schema/words.ts'
import { timeFor } from './ago.ts'
import { openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach } from './options.ts'
import { table } from './table.ts'
import { widthOf } from './wrap.ts'

const JSON_FLAG = { json: { type: 'boolean', default: false } } as const
const ADD = {
  ...REACH,
  ...JSON_FLAG,
  secret: { type: 'string' },
  event: { type: 'string', multiple: true },
  severity: { type: 'string' },
  cause: { type: 'string', multiple: true },
  tag: { type: 'string', multiple: true },
  quiet: { type: 'string' },
  timezone: { type: 'string' },
  remind: { type: 'string' },
} as const

export const channels: Command = {
  summary: 'list, add and try the channels that notices are sent to',
  usage: `portwitness channels [list] [--json]
portwitness channels add KIND NAME URL [--secret S] [--event E …] [options]
portwitness channels test CHANNEL          send an example now
portwitness channels preview CHANNEL [--event E]
                                           show what would be sent
portwitness channels log CHANNEL           what was sent, waits or failed
portwitness channels replay DELIVERY       send a message once more
portwitness channels on|off|remove CHANNEL

  KIND       ${CHANNEL_KINDS.slice(0, 6).join(', ')},
             ${CHANNEL_KINDS.slice(6).join(', ')}
  URL        as the platform gives it; what is missing or wrong is said
  CHANNEL    its id, or its name

  --secret S                a bot's token, a routing key, or for a webhook its
                            own whsec_… or whsk_…; a webhook without gets one,
                            shown once. - reads it from standard input
  --event E                 tell this alone; may be repeated. Unless given: all
                            but scan.finished. There are:
${lines(NOTICES)}
  --severity S              this grave or graver: ${SEVERITIES.join(', ')}
  --cause C                 losses to this cause class alone; may be repeated
  --tag T                   targets with this tag alone; may be repeated
  --quiet FROM-TO           hours in which nothing is sent, such as 22:00-07:00;
                            what waits is sent afterwards
  --timezone TZ             of the quiet hours, such as Europe/Berlin (UTC)
  --remind DAYS             remind of an issue that stays open, five times at
                            most
  --json                    the answer as JSON
  --url U, --key K          the Worker and a key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)
`,
  async run(args) {
    const [verb = 'list', ...rest] = args
    if (verb.startsWith('--')) return list(args)
    const act = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
    if (!act) throw usageError(`there is no 'channels ${printable(verb, 40)}'.`)
    return act(rest)
  },
}

/** Words under the descriptions of options, within 80 columns. */
function lines(words: readonly string[]): string {
  const kept: string[] = []
  for (const word of words) {
    const longer = kept.length > 0 ? `${kept.at(-1)}, ${word}` : word
    if (kept.length > 0 && longer.length <= 50) kept[kept.length - 1] = longer
    else kept.push(word)
  }
  return kept.map((line, i) => `${' '.repeat(28)}${line}${i < kept.length - 1 ? ',' : ''}`).join('\n')
}

const VERBS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  list,
  add,
  test: tryOut,
  preview,
  log,
  replay,
  on: (args) => turn(args, 'on'),
  off: (args) => turn(args, 'off'),
  remove,
}

const path = (id: string) => `/api/v1/channels/${encodeURIComponent(id)}`

/** What `CHANNEL` names: an id as it stands, else the one channel of that name. */
async function idOf(api: ReturnType<typeof openApi>, named: string | undefined): Promise<string> {
  if (!named) throw usageError('which channel? Give its id or its name.')
  if (/^chn_[A-Za-z0-9]+$/.test(named)) return named
  const { items } = await api.get<{ items: ChannelAnswer[] }>('/api/v1/channels')
  const found = items.filter(({ name }) => name === named)
  if (found.length === 1 && found[0]) return found[0].id
  throw usageError(
    found.length === 0
      ? `there is no channel '${printable(named, 60)}'.`
      : `several channels are called '${printable(named, 60)}': give the id.`,
  )
}

async function list(args: string[]): Promise<number> {
  const { values } = parse(args, { ...REACH, ...JSON_FLAG })
  const { items } = await openApi(reach(values)).get<{ items: ChannelAnswer[] }>('/api/v1/channels')
  if (values.json) process.stdout.write(jsonText(items))
  else if (items.length === 0) process.stdout.write('No channels. Add one with: portwitness channels add\n')
  else {
    const time = timeFor(process.stdout, Date.now())
    const last = ({ lastDelivery: it }: ChannelAnswer) =>
      it ? `${it.state} ${it.event} ${time(it.at)}${it.state === 'sent' ? '' : ` ${it.lastSaid ?? ''}`}` : 'nothing yet'
    print(
      ['CHANNEL', 'KIND', 'NAME', 'STATE', 'WAITING', 'LAST'],
      items.map((it) => [it.id, it.kind, it.name, it.state, it.waiting, it.reason ?? last(it)]),
    )
  }
  return EXIT.clear
}

async function add(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, ADD, 3)
  const [kind, name, url] = positionals
  if (!kind || !name || !url) throw usageError('portwitness channels add KIND NAME URL')
  oneOf(kind, CHANNEL_KINDS, 'KIND')
  for (const event of values.event ?? []) oneOf(event, NOTICES, '--event')
  for (const cause of values.cause ?? []) oneOf(cause, CAUSE_CLASSES, '--cause')
  if (values.severity) oneOf(values.severity, SEVERITIES, '--severity')
  const quiet = values.quiet === undefined ? null : /^(\d\d:\d\d)-(\d\d:\d\d)$/.exec(values.quiet)
  if (values.quiet !== undefined && !quiet) throw usageError('--quiet must be two times such as 22:00-07:00.')
  if (values.remind !== undefined && !/^\d{1,2}$/.test(values.remind)) throw usageError('--remind must be whole days.')
  const secret = values.secret === '-' ? await standardInput() : values.secret
  const made = await openApi(reach(values)).send<NewChannelAnswer>('POST', '/api/v1/channels', {
    ...{ kind, name, url, secret, events: values.event },
    filters: { severity: values.severity ?? null, causeClass: values.cause ?? [], targetTags: values.tag ?? [] },
    quietHours: quiet ? { from: quiet[1], to: quiet[2], timezone: values.timezone ?? 'UTC' } : undefined,
    reminders: values.remind ? { everyDays: Number(values.remind) } : undefined,
  })
  if (values.json) process.stdout.write(jsonText(made))
  else {
    process.stdout.write(`${made.id}\n`)
    if (made.secret)
      process.stderr.write(`Its receiver checks signatures with this secret, shown this once:\n${made.secret}\n`)
    for (const key of made.publicKeys) process.stderr.write(`Its receiver checks signatures with ${key}\n`)
    process.stderr.write(`Try it: portwitness channels test ${made.id}\n`)
  }
  return EXIT.clear
}

async function tryOut(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH, ...JSON_FLAG }, 1)
  const api = openApi(reach(values))
  const said = await api.send<TestAnswer>('POST', `${path(await idOf(api, positionals[0]))}/test`, {})
  if (values.json) process.stdout.write(jsonText(said))
  else
    process.stdout.write(
      said.delivered
        ? `Delivered in ${said.afterMs} ms: the platform answered ${said.status}.\n`
        : `Not delivered: ${printable(said.said, 300)}\n`,
    )
  return said.delivered ? EXIT.clear : EXIT.failed
}

async function preview(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH, ...JSON_FLAG, event: { type: 'string' } }, 1)
  if (values.event) oneOf(values.event, NOTICES, '--event')
  const api = openApi(reach(values))
  const query = values.event ? `?event=${encodeURIComponent(values.event)}` : ''
  const it = await api.get<PreviewAnswer>(`${path(await idOf(api, positionals[0]))}/preview${query}`)
  if (values.json) process.stdout.write(jsonText(it))
  else {
    const headers = Object.entries(it.headers).map(([name, value]) => printable(`${name}: ${value}`, 400))
    process.stdout.write(
      `${[`${it.method} ${printable(it.url, 400)}`, ...headers, '', bodyText(it.body)].join('\n')}\n`,
    )
    process.stderr.write(it.noticeId === null ? 'This is an example.\n' : `This is notice ${it.noticeId}.\n`)
  }
  return EXIT.clear
}

function bodyText(body: string): string {
  try {
    return jsonText(JSON.parse(body)).trimEnd()
  } catch {
    return printable(body, 20_000)
  }
}

async function log(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH, ...JSON_FLAG }, 1)
  const api = openApi(reach(values))
  const { items } = await api.get<{ items: DeliveryAnswer[] }>(
    `${path(await idOf(api, positionals[0]))}/deliveries?limit=100`,
  )
  if (values.json) process.stdout.write(jsonText(items))
  else if (items.length === 0) process.stdout.write('Nothing was sent yet.\n')
  else {
    const time = timeFor(process.stdout, Date.now())
    print(
      ['DELIVERY', 'EVENT', 'AT', 'STATE', 'TRIES', 'NEXT TRY', 'ANSWER'],
      items.map((it) => [it.id, it.event, time(it.at), it.state, it.attempts, it.nextTryAt, it.lastSaid]),
    )
  }
  return EXIT.clear
}

async function replay(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH, ...JSON_FLAG }, 1)
  const [id] = positionals
  if (!id) throw usageError('which delivery? portwitness channels replay DELIVERY')
  const said = await openApi(reach(values)).send<DeliveryAnswer>(
    'POST',
    `/api/v1/channels/deliveries/${encodeURIComponent(id)}/replay`,
    {},
  )
  process.stdout.write(values.json ? jsonText(said) : `${said.id} is on its way again.\n`)
  return EXIT.clear
}

async function turn(args: string[], state: 'on' | 'off'): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH, ...JSON_FLAG }, 1)
  const api = openApi(reach(values))
  const said = await api.send<ChannelAnswer>('PATCH', path(await idOf(api, positionals[0])), { state })
  process.stdout.write(values.json ? jsonText(said) : `${said.id} is ${said.state}.\n`)
  return EXIT.clear
}

async function remove(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH }, 1)
  const api = openApi(reach(values))
  const id = await idOf(api, positionals[0])
  await api.send('DELETE', path(id), undefined)
  process.stdout.write(`${id} is removed.\n`)
  return EXIT.clear
}

function oneOf(value: string, words: readonly string[], name: string): void {
  if (!words.includes(value)) throw usageError(`${name} must be one of ${words.join(', ')}.`)
}

const print = (head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): void =>
  void process.stdout.write(
    table(head, rows, { maxCell: 80, ...(process.stdout.isTTY && { width: widthOf(process.stdout) }) }),
  )

async function standardInput(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk
    if (text.length > 2_000) break
  }
  return text.trim()
}
