import type { KillSwitchAnswer } from '../../schema/api.ts'
import { openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { parse, REACH, reach } from './options.ts'

const PATH = '/api/v1/kill-switch'
export const ALL_STOPPED = 'All scanning is stopped. Lift it with: portwitness stop-all --resume'

export const stopAll: Command = {
  summary: 'the kill switch: stop all scanning at once, on every probe',
  usage: `portwitness stop-all [--resume | --status]

  Running scans end within 20 s and none starts until the switch is lifted with
  --resume. --status only says whether it is on (exit code 0: no, 5: yes).
  --url U, --key K          the Worker and an admin key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)
`,
  async run(args) {
    const { values } = parse(args, {
      ...REACH,
      resume: { type: 'boolean', default: false },
      status: { type: 'boolean', default: false },
    })
    if (values.resume && values.status) throw usageError('--resume or --status, not both.')
    const api = openApi(reach(values))
    const { stopped, since } = values.status
      ? await api.get<KillSwitchAnswer>(PATH)
      : await api.send<KillSwitchAnswer>('PUT', PATH, { stopped: !values.resume })
    process.stdout.write(`${stopped ? ALL_STOPPED : 'Scanning may go on.'}\n`)
    if (!values.status) return EXIT.clear
    if (stopped && since) process.stderr.write(`Since ${since}.\n`)
    return stopped ? EXIT.refused : EXIT.clear
  },
}
