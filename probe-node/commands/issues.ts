import type { AllowlistOffer } from '../../schema/allowlist.ts'
import type { IssueAnswer, ScanAnswer } from '../../schema/api.ts'
import { printable } from '../../schema/terminal.ts'
import { ISSUE_STATES } from '../../schema/words.ts'
import { timeFor } from './ago.ts'
import { type Api, openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach } from './options.ts'
import { table } from './table.ts'
import { exitOf, WATCH, WATCH_HELP, watchToEnd, watchWish } from './watch.ts'
import { widthOf } from './wrap.ts'

const LIST = { ...REACH, state: { type: 'string' }, target: { type: 'string' }, json: WATCH.json } as const

export const issues: Command = {
  summary: 'list issues, print the allowlist that cures one, or retest it',
  usage: `portwitness issues [--state ${ISSUE_STATES.join('|')}] [--target ID] [--json]
portwitness issues allowlist ISSUE [--format F] [--exclusive] [--expires TIME]
portwitness issues retest ISSUE [--timeout S] [--json] [--no-wait]

  'allowlist' prints, ready to be put in place, what lets the scanner through
  to this target: in the format that fits the defence found best, unless
  --format names another. What to do with it stands in its first lines.
  --exclusive lets in the scanner and nobody else; --expires is said in it.

  'retest' scans every port again that the issue lost, from the address that
  lost one last, with the same profile. When that ends clear, the issue is
  closed, unless another address lost one too: then prove it from all.

${WATCH_HELP}`,
  run: ([first = '', ...rest]) =>
    first === 'retest'
      ? retest(rest)
      : first === 'allowlist'
        ? allowlist(rest)
        : list(first === '' ? [] : [first, ...rest]),
}

async function list(args: string[]): Promise<number> {
  const { values } = parse(args, LIST)
  if (values.state && !(ISSUE_STATES as readonly string[]).includes(values.state)) {
    throw usageError(`--state must be one of ${ISSUE_STATES.join(', ')}.`)
  }
  const query = new URLSearchParams({
    ...(values.state && { state: values.state }),
    ...(values.target && { targetId: values.target }),
  })
  const api = openApi(reach(values))
  const { items } = await api.get<{ items: IssueAnswer[] }>(`/api/v1/issues?${query}`)
  // A list filtered by a target that is not there is as empty as that of a healthy one.
  if (items.length === 0 && values.target) await api.get(`/api/v1/targets/${encodeURIComponent(values.target)}`)
  if (values.json) process.stdout.write(jsonText(items))
  else if (items.length === 0) process.stdout.write('No issues.\n')
  else {
    const time = timeFor(process.stdout, Date.now())
    process.stdout.write(
      table(
        ['ISSUE', 'STATE', 'FINDING', 'LAST SEEN', 'TITLE'],
        items.map((it) => [it.id, it.state, it.finding, time(it.restatedAt), it.title]),
        { maxCell: 80, ...(process.stdout.isTTY && { width: widthOf(process.stdout) }) },
      ),
    )
  }
  return EXIT.clear
}

const ALLOWLIST = {
  ...REACH,
  format: { type: 'string' },
  exclusive: { type: 'boolean', default: false },
  expires: { type: 'string' },
} as const

async function allowlist(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, ALLOWLIST, 1)
  const [issueId] = positionals
  if (!issueId) throw usageError('which issue? portwitness issues allowlist ISSUE')
  const api = openApi(reach(values))
  const path = `/api/v1/issues/${encodeURIComponent(issueId)}/allowlist`
  const offer = await api.get<AllowlistOffer>(path)
  const format = values.format ?? offer.items[0]?.format
  if (!format) {
    process.stderr.write(`No allowlist cures this cause. Formats for --format: ${offer.others.join(', ')}.\n`)
    return EXIT.failed
  }
  const query = new URLSearchParams({
    ...(values.exclusive && { exclusive: 'true' }),
    ...(values.expires && { expires: values.expires }),
  })
  process.stdout.write(await api.text(`${path}/${encodeURIComponent(format)}?${query}`))
  process.stderr.write(hintsOf(offer, format))
  return EXIT.clear
}

/** What a person wants to know beside the text, which may go into a file: on stderr. */
function hintsOf({ issueId, items, others, target, sites, ranges }: AllowlistOffer, format: string): string {
  const shown = items.find((item) => item.format === format)
  const further = [...items.map((item) => item.format), ...others].filter((name) => name !== format)
  const said = [
    `${ranges.length} ${ranges.length === 1 ? 'range' : 'ranges'} of ${sites.join(', ')}, for ${target}, as ${format}.`,
    ...(shown ? shown.where.map((line) => `Where: ${line}`) : []),
    ...(shown && items.length > 1 ? [`Fits too: ${further.filter((name) => !others.includes(name)).join(', ')}.`] : []),
    `Then prove it: portwitness issues retest ${issueId}. Other formats: --format NAME, of ${further.length}.`,
  ]
  return said.map((line) => `${printable(line, 400)}\n`).join('')
}

async function retest(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { ...REACH, ...WATCH }, 1)
  const [issueId] = positionals
  if (!issueId) throw usageError('which issue? portwitness issues retest ISSUE')
  const wish = watchWish(values)
  const api = openApi(reach(values))
  const path = `/api/v1/issues/${encodeURIComponent(issueId)}`
  const accepted = await api.send<ScanAnswer>('POST', `${path}/retest`, {})
  const title = `Scan ${accepted.id}, a retest of ${printable(issueId, 60)}`
  const ended = await watchToEnd(api, accepted, { title, accompany: false, wish })
  if (!wish.json && !wish.noWait) process.stdout.write(`\n${await whatBecameOf(api, path)}\n`)
  return exitOf(ended, wish)
}

async function whatBecameOf(api: Api, path: string): Promise<string> {
  const { id, state, title } = await api.get<IssueAnswer>(path)
  return state === 'closed'
    ? `Issue ${id} is closed: the fix is proved.`
    : `Issue ${id} stays ${state}. ${printable(title, 300)}`
}
