import { printable } from '../../schema/terminal.ts'
import { openApi } from './api.ts'
import { type Command, EXIT, usageError } from './command.ts'
import { door } from './doctor/door.ts'
import { hello, keyFile } from './doctor/enrolled.ts'
import type { Finding, State } from './doctor/finding.ts'
import { capacity, disk, nodeVersion, sourceAddress } from './doctor/machine.ts'
import { running } from './doctor/running.ts'
import { stack } from './doctor/stack.ts'
import { jsonText } from './json.ts'
import { neededAddress, parse, REACH, wholeNumber, workerUrl } from './options.ts'
import { widthOf, wrapped } from './wrap.ts'

const OPTIONS = {
  ...REACH,
  data: { type: 'string' },
  'source-address': { type: 'string' },
  token: { type: 'string' },
  'metrics-port': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

export const doctor: Command = {
  summary: 'find out what is wrong with a probe or a stack, and how to mend it',
  usage: `portwitness doctor --url U --source-address IP [--data DIR] [--token T]
                   [--metrics-port N] [--json]      a probe, on its machine
portwitness doctor --url U --key K [--json]         a stack, from anywhere

  Changes nothing. Exit code 0 when nothing is bad, 1 when something is.
  --url U                   the Worker (or PORTWITNESS_URL)
  --key K                   a key of the operator (or PORTWITNESS_KEY)
  --source-address IP       the probe's address
  --data DIR                the probe's folder: its key, and room on its disk
  --token T                 a token that a probe would not take
                            (or PORTWITNESS_TOKEN)
  --metrics-port N          the running probe's own figures
  --json                    the findings alone on stdout
`,
  async run(args) {
    const { values } = parse(args, OPTIONS)
    const url = workerUrl(values)
    const key = values.key ?? process.env.PORTWITNESS_KEY ?? null
    const isProbe = ['source-address', 'data', 'token', 'metrics-port'].some(
      (name) => values[name as keyof typeof values] !== undefined,
    )
    if (!isProbe && key === null) throw usageError('--source-address (for a probe) or --key (for a stack) is missing.')
    const findings = [
      ...(isProbe
        ? await probeFindings({
            url,
            sourceAddress: neededAddress(values['source-address'], 'source-address'),
            data: values.data ?? null,
            token: values.token ?? (process.env.PORTWITNESS_TOKEN || null),
            metricsPort: wholeNumber(values['metrics-port'], 'metrics-port', 1, 65_535) ?? null,
          })
        : []),
      ...(key === null ? [] : await stack(openApi({ url, key }))),
    ]
    const isBad = findings.some(({ state }) => state === 'bad')
    process.stdout.write(values.json ? jsonText({ healthy: !isBad, findings }) : told(findings))
    return isBad ? EXIT.failed : EXIT.clear
  },
}

interface Asked {
  url: string
  sourceAddress: string
  data: string | null
  token: string | null
  metricsPort: number | null
}

async function probeFindings({ url, sourceAddress: source, data, token, metricsPort }: Asked): Promise<Finding[]> {
  const asking = { url, sourceAddress: source }
  const address = await sourceAddress(source)
  const own = metricsPort === null ? null : await running(metricsPort)
  const key = data === null ? null : await keyFile(data)
  // Nothing leaves from an address that is not here: what else is wrong is looked at from another.
  const found = await door(address.state === 'bad' ? { url, sourceAddress: null } : asking, token)
  return [
    nodeVersion(),
    address,
    ...(await capacity(own?.limits ?? null)),
    ...(data === null ? [] : [await disk(data)]),
    ...(key ? [key.finding] : []),
    ...found.findings,
    ...(key?.identity && found.answer && address.state !== 'bad'
      ? await hello(asking, key.identity, found.answer.now)
      : []),
    ...(own?.findings ?? []),
  ]
}

const MARK: Record<State, string> = { ok: 'ok  ', warn: 'warn', bad: 'BAD ', skipped: '–   ' }

function told(findings: readonly Finding[]): string {
  const width = widthOf(process.stdout)
  const pad = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.flatMap(({ check, state, detail, mend }) => {
    const lead = `${MARK[state]}  ${check.padEnd(pad)}  `
    return [
      wrapped(lead, printable(detail, 600), width),
      ...(mend ? [wrapped(`${' '.repeat(lead.length)}→ `, printable(mend, 600), width)] : []),
    ]
  })
  const count = findings.filter(({ state }) => state === 'bad').length
  const end = count === 0 ? 'Nothing is bad.' : count === 1 ? 'One thing is bad.' : `${count} things are bad.`
  return `${lines.join('\n')}\n\n${end}\n`
}
