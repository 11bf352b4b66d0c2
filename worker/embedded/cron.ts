const MINUTE_MS = 60_000

/**
 * Calls `tick` once at the start and then each minute on the minute, never two at a time. A slow tick makes the next one
 * late; minutes that passed meanwhile are not made up for, since due-ness is data and one tick serves them all.
 * @returns a function that stops the cron and resolves when a tick under way has ended
 */
export function startCron(tick: (scheduledTime: number) => Promise<void>): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let last = 0

  const run = async (): Promise<void> => {
    last = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS
    await tick(last)
    if (stopped) return
    // A timer may fire some milliseconds early: never serve the same minute twice.
    const next = Math.max(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS, last) + MINUTE_MS
    timer = setTimeout(() => {
      running = run()
    }, next - Date.now())
  }
  let running = run()

  return async () => {
    stopped = true
    clearTimeout(timer)
    await running
  }
}
