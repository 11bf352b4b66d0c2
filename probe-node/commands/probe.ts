import type { LogLine } from '../log.ts'
import { type Command, CommandFailure, EXIT, interruption } from './command.ts'
import { needed, neededAddress, parse, wholeNumber, workerUrl } from './options.ts'

const OPTIONS = {
  url: { type: 'string' },
  token: { type: 'string' },
  data: { type: 'string' },
  'source-address': { type: 'string' },
  'allow-private': { type: 'boolean', default: false },
  'metrics-port': { type: 'string' },
} as const

export const probe: Command = {
  summary: 'run a probe: the agent that scans and witnesses from one address',
  usage: `portwitness probe --url U --data DIR --source-address IP [--token T]
                  [--allow-private] [--metrics-port N]

  --url U                   the Worker (or PORTWITNESS_URL)
  --token T                 one-use token from 'portwitness enrol' (or
                            PORTWITNESS_TOKEN, which no list of processes
                            shows); not needed again once DIR holds the key
  --data DIR                the probe's key and what it could not deliver yet
  --source-address IP       the one address of this machine from which it looks
  --allow-private           this probe may touch private, loopback and
                            link-local addresses
  --metrics-port N          serve its own metrics on 127.0.0.1:N
`,
  async run(args) {
    const { values } = parse(args, OPTIONS)
    const options = {
      url: workerUrl(values),
      token: values.token ?? (process.env.PORTWITNESS_TOKEN || null),
      dataDir: needed(values.data, 'data'),
      sourceAddress: neededAddress(values['source-address'], 'source-address'),
      allowPrivate: values['allow-private'],
      metricsPort: wholeNumber(values['metrics-port'], 'metrics-port', 1, 65_535),
    }
    // Loaded only here: the agent is most of the code, and every other command would wait for it.
    const { runAgent } = await import('../agent.ts')
    const log = (line: LogLine) => void process.stderr.write(`${JSON.stringify(line)}\n`)
    const agent = runAgent({ ...options, log }, interruption())
    // It ends with an error only when there is nothing to go on with; its own log has told the rest.
    await agent.catch((error: unknown) => {
      throw new CommandFailure(EXIT.failed, error instanceof Error ? `${error.message}.` : String(error))
    })
    return EXIT.clear
  },
}
