/** What every subcommand is. One file each; the map is in index.ts. */
export interface Command {
  /** one line for `portwitness help` */
  summary: string
  /** the full help text of this command */
  usage: string
  /** Does the work and gives the exit code. Throws a CommandFailure for an answer that is not success. */
  run(args: string[]): Promise<number>
}

export const EXIT = { clear: 0, failed: 1, usage: 2, interference: 3, incomplete: 4, refused: 5, cancelled: 6 } as const

/** What each means, as `portwitness help` tells it. */
export const EXIT_SAYS: Readonly<Record<keyof typeof EXIT, string>> = {
  clear: 'done; a scan ended clear, a proof is proved',
  failed: 'failed, or what was named is not there; of a check: no',
  usage: 'wrong usage',
  interference: 'a scan was interfered with; of a proof: not proved',
  incomplete: 'a scan or a proof is incomplete: do not take it for clear',
  refused: 'refused: by the Worker, for the address, the key or the kill switch',
  cancelled: 'cancelled, or took too long',
}

/** Ends the command with one clear line and an exit code. */
export class CommandFailure extends Error {
  readonly exit: number
  constructor(exit: number, message: string) {
    super(message)
    this.exit = exit
  }
}

export const usageError = (message: string): CommandFailure => new CommandFailure(EXIT.usage, message)

/** A signal that fires on the first SIGINT or SIGTERM. The process stays alive to clean up; a second SIGINT ends it. */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  let firstAt = 0
  const onSignal = () => {
    // Terminal, npm and our own launcher may each pass on the same keystroke.
    if (controller.signal.aborted && Date.now() - firstAt > 500) process.exit(EXIT.cancelled)
    if (!controller.signal.aborted) firstAt = Date.now()
    controller.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return controller.signal
}
