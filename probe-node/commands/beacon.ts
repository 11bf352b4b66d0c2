import { parsePorts } from '../../schema/ports.ts'
import { runBeacon } from '../beacon.ts'
import { type Command, EXIT, interruption, usageError } from './command.ts'
import { needed, parse } from './options.ts'

const MAX_PORTS = 1_000

export const beacon: Command = {
  summary: 'run a beacon: a listener that shows a probe is fit',
  usage: `portwitness beacon --host H --ports 25,80,…

  Listens on these ports of address H. A probe that reaches them is not hindered
  by its own network. Says so once all of them listen, and ends with Ctrl-C.
`,
  async run(args) {
    const { values } = parse(args, { host: { type: 'string' }, ports: { type: 'string' } })
    const host = needed(values.host, 'host')
    const ports = parsePorts(needed(values.ports, 'ports'))
    if ('error' in ports) throw usageError(`--ports: ${ports.error}`)
    if (ports.size > MAX_PORTS) throw usageError(`--ports: at most ${MAX_PORTS} ports.`)
    await runBeacon({
      ...{ host, ports: [...ports], signal: interruption() },
      onReady: () => process.stdout.write(`ready: listens on ${host}, ports ${values.ports}\n`),
    })
    return EXIT.clear
  },
}
