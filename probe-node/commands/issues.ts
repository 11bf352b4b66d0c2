import type { IssueAnswer } from '../../schema/api.ts'
import { ISSUE_STATES } from '../../schema/words.ts'
import { openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach } from './options.ts'
import { table } from './table.ts'

export const issues: Command = {
  summary: 'list issues',
  usage: `portwitness issues [--state ${ISSUE_STATES.join('|')}] [--target ID] [--json]

  --url U, --key K          the Worker and a key (or PORTWITNESS_URL, PORTWITNESS_KEY)
`,
  async run(args) {
    const { values } = parse(args, {
      ...REACH,
      state: { type: 'string' },
      target: { type: 'string' },
      json: { type: 'boolean', default: false },
    })
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
    else
      process.stdout.write(
        table(
          ['ISSUE', 'STATE', 'FINDING', 'LAST SEEN', 'TITLE'],
          items.map((it) => [it.id, it.state, it.finding, it.restatedAt, it.title]),
          80,
        ),
      )
    return EXIT.clear
  },
}
