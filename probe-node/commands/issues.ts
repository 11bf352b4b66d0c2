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
  summary: 'list issues, or retest one: a clear retest closes it',
  usage: `portwitness issues [--state ${ISSUE_STATES.join('|')}] [--target ID] [--json]
portwitness issues retest ISSUE [--timeout S] [--json] [--no-wait]

  'retest' scans the lost ports again, from the same address with the same
  profile. When that ends clear, the issue is closed.

${WATCH_HELP}`,
  run: (args) => (args[0] === 'retest' ? retest(args.slice(1)) : list(args)),
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
  const { items } = await openApi(reach(values)).get<{ items: IssueAnswer[] }>(`/api/v1/issues?${query}`)
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
  const { id, state } = await api.get<IssueAnswer>(path)
  return state === 'closed' ? `Issue ${id} is closed: the fix is proved.` : `Issue ${id} stays ${state}.`
}
