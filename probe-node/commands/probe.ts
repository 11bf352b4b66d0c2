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
  'key-days': { type: 'string' },
  'max-rate': { type: 'string' },
  'max-total-rate': { type: 'string' },
  'max-sockets': { type: 'string' },
} as const

export const probe: Command = {
  summary: 'run a probe: the agent that scans and witnesses from one address',
  usage: `portwitness probe --url U --data DIR --source-address IP [--token T]
                  [--allow-private] [--metrics-port N] [ceilings]

  --url U                   the Worker (or PORTWITNESS_URL)
  --token T                 one-use token from 'portwitness enrol' (or
                            PORTWITNESS_TOKEN, which no list of processes
                            shows); not needed again once DIR holds the key
  --data DIR                the probe's key and what it could not deliver yet
  --source-address IP       the one address of this machine from which it looks
  --allow-private           this probe may touch private, loopback and
                            link-local addresses
  --metrics-port N          serve its own metrics on 127.0.0.1:N
  --key-days N              change its key when it is so many days old (90);
                            the old one is believed for a day more

  It holds these whatever the Worker asks for; a plan that asks for more is
  carried out more slowly:
  --max-rate N              connects a second to one address
                            (2000; 200000 to private ones)
  --max-total-rate N        connects a second to all addresses together
                            (4000; 200000 to private ones)
  --max-sockets N           sockets that a sweep holds open at once (what the
                            system has left, 4000 at most)
`,
  async run(args) {
    const { values } = parse(args, OPTIONS)
    const options = {
      url: workerUrl(values),
      token: values.token ?? (process.env.PORTWITNESS_TOKEN || null),
      dataDir: needed(values.data, 'data'),
      sourceAddress: neededAddress(values['source-address'], 'source-address'),
      allowPrivate: values['allow-private'],
      keyDays: wholeNumber(values['key-days'], 'key-days', 1, 3_650),
      metricsPort: wholeNumber(values['metrics-port'], 'metrics-port', 1, 65_535),
    }
    const ceilings = {
      perAddress: wholeNumber(values['max-rate'], 'max-rate', 1, 1_000_000) ?? null,
      overall: wholeNumber(values['max-total-rate'], 'max-total-rate', 1, 1_000_000) ?? null,
      sockets: wholeNumber(values['max-sockets'], 'max-sockets', 1, 4_000) ?? null,
    }
    // Loaded only here: the agent is most of the code, and every other command would wait for it.
    const { EnrolmentRefused, runAgent } = await import('../agent.ts')
    const log = (line: LogLine) => void process.stderr.write(`${JSON.stringify(line)}\n`)
    const agent = runAgent({ ...options, ceilings, log }, interruption())
    // It ends with an error only when there is nothing to go on with; its own log has told the rest.
    await agent.catch((error: unknown) => {
      if (error instanceof EnrolmentRefused) throw new CommandFailure(EXIT.refused, error.message)
      throw new CommandFailure(EXIT.failed, error instanceof Error ? `${error.message}.` : String(error))
    })
    return EXIT.clear
  },
}
