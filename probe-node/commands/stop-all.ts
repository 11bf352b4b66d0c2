import { openApi } from './api.ts'
import { type Command, EXIT } from './command.ts'
import { parse, REACH, reach } from './options.ts'

export const stopAll: Command = {
  summary: 'the kill switch: stop all scanning at once, on every probe',
  usage: `portwitness stop-all [--resume]

  Running scans end within 20 s and none starts until the switch is lifted with
  --resume.
  --url U, --key K          the Worker and an admin key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)
`,
  async run(args) {
    const { values } = parse(args, { ...REACH, resume: { type: 'boolean', default: false } })
    await openApi(reach(values)).send('PUT', '/api/v1/kill-switch', { stopped: !values.resume })
    process.stdout.write(
      values.resume
        ? 'Scanning may go on.\n'
        : 'All scanning is stopped. Lift it with: portwitness stop-all --resume\n',
    )
    return EXIT.clear
  },
}
