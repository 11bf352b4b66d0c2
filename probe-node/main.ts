/** The `portwitness` command: one file per subcommand under commands/. */

import { VERSION } from '../schema/version.ts'
import { type Command, CommandFailure, EXIT, EXIT_SAYS } from './commands/command.ts'
import { COMMANDS } from './commands/index.ts'

const [name, ...args] = process.argv.slice(2)

// `portwitness … | head`: nobody reads on, so there is nothing left to say.
process.stdout.on('error', () => process.exit(EXIT.failed))
process.exitCode = await main()
await Promise.all([process.stdout, process.stderr].map(emptied))
// Sockets that are kept alive must not keep a finished command alive.
process.exit()

/** All that was written is with whoever reads it: a pipe takes no more than its reader has room for, and exit drops the rest. */
function emptied(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}

async function main(): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const [asked] = args
    const about = asked === undefined ? null : await commandOf(asked)
    if (asked !== undefined && !about) return fail(EXIT.usage, unknown(asked))
    process.stdout.write(about ? about.usage : await overview())
    return name === undefined ? EXIT.usage : EXIT.clear
  }
  if (name === '--version' || name === '-V') {
    process.stdout.write(`${VERSION}\n`)
    return EXIT.clear
  }
  const command = await commandOf(name)
  if (!command) return fail(EXIT.usage, unknown(name))
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(command.usage)
    return EXIT.clear
  }
  try {
    return await command.run(args)
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    return fail(
      error.exit,
      error.exit === EXIT.usage ? `${sentence(error.message)} See: portwitness help ${name}` : error.message,
    )
  }
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}

async function commandOf(name: string): Promise<Command | null> {
  return Object.hasOwn(COMMANDS, name) ? ((await COMMANDS[name]?.()) ?? null) : null
}

function unknown(name: string): string {
  return `there is no command '${name}'. See: portwitness help`
}

function fail(exit: number, message: string): number {
  process.stderr.write(`portwitness: ${message}\n`)
  return exit
}

async function overview(): Promise<string> {
  const width = Math.max(...Object.keys(COMMANDS).map((it) => it.length))
  const lines = await Promise.all(
    Object.entries(COMMANDS).map(async ([it, load]) => `  ${it.padEnd(width)}  ${(await load()).summary}`),
  )
  const codes = Object.entries(EXIT).map(([end, code]) => `  ${code}  ${EXIT_SAYS[end as keyof typeof EXIT]}`)
  return [
    ...['portwitness COMMAND [options]', '', ...lines, '', 'More: portwitness help COMMAND', ''],
    ...['Exit codes:', ...codes, ''],
  ].join('\n')
}
