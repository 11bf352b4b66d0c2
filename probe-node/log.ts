/** One thing worth telling the operator. Never a secret, never bytes of a target. */
export interface LogLine {
  at: number
  level: 'info' | 'warn' | 'error'
  message: string
  details?: Record<string, string | number | boolean | null>
}

export type Log = (level: LogLine['level'], message: string, details?: LogLine['details']) => void

export const logTo =
  (sink: ((line: LogLine) => void) | undefined): Log =>
  (level, message, details) =>
    sink?.({ at: Date.now(), level, message, ...(details ? { details } : {}) })
