/** `bad` makes the exit code 1; `warn` works, but not as well as it could; `skipped` could not be looked at. */
export type State = 'ok' | 'warn' | 'bad' | 'skipped'

export interface Finding {
  /** fixed word, for scripts */
  check: string
  state: State
  /** what was seen */
  detail: string
  /** what to do about it */
  mend?: string
}

export const ok = (check: string, detail: string): Finding => ({ check, state: 'ok', detail })
export const warn = (check: string, detail: string, mend: string): Finding => ({ check, state: 'warn', detail, mend })
export const bad = (check: string, detail: string, mend: string): Finding => ({ check, state: 'bad', detail, mend })
export const skipped = (check: string, detail: string): Finding => ({ check, state: 'skipped', detail })
