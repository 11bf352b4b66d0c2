import type { KillSwitchAnswer, ProbeAnswer } from '../../schema/api.ts'
import { timeFor } from './ago.ts'
import { openApi } from './api.ts'
import { type Command, EXIT } from './command.ts'
import { jsonText } from './json.ts'
import { parse, REACH, reach } from './options.ts'
import { ALL_STOPPED } from './stop-all.ts'
import { table } from './table.ts'

export const probes: Command = {
  summary: 'list the probes and their health',
  usage: `portwitness probes [--json]

  --url U, --key K          the Worker and a key
                            (or PORTWITNESS_URL, PORTWITNESS_KEY)
`,
  async run(args) {
    const { values } = parse(args, { ...REACH, json: { type: 'boolean', default: false } })
    const api = openApi(reach(values))
    const { items } = await api.get<{ items: ProbeAnswer[] }>('/api/v1/probes')
    const { stopped } = await api.get<KillSwitchAnswer>('/api/v1/kill-switch')
    if (stopped) process.stderr.write(`${ALL_STOPPED}\n`)
    if (values.json) process.stdout.write(jsonText(items))
    else if (items.length === 0) process.stdout.write('No probes. Add one with: portwitness enrol\n')
    else {
      const time = timeFor(process.stdout, Date.now())
      const condition = (it: ProbeAnswer) => (it.online ? (it.fit ? 'fit' : 'unfit') : 'offline')
      const state = (it: ProbeAnswer) =>
        it.quarantined
          ? 'quarantined'
          : `${condition(it)}${it.drained ? ', drained' : ''}${it.outdated ? ', outdated' : ''}`
      const rows = items.map((it) => [
        ...[it.id, it.site, it.sourceAddress, it.country, it.provider],
        ...[state(it), time(it.seenAt)],
      ])
      process.stdout.write(table(['PROBE', 'SITE', 'ADDRESS', 'CC', 'PROVIDER', 'STATE', 'LAST SEEN'], rows))
    }
    return EXIT.clear
  },
}
