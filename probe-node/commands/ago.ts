const STEPS = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
] as const

/** `5 s ago`, `3 min ago`: a time for a narrow column. `now` in milliseconds. */
export function ago(at: string, now: number): string {
  const ms = Math.max(0, now - Date.parse(at))
  const step = STEPS.find((it) => ms >= it.ms)
  return step ? `${Math.floor(ms / step.ms)} ${step.unit} ago` : `${Math.floor(ms / 1_000)} s ago`
}

/** For people on a terminal how long ago; elsewhere the time itself, for programs. */
export const timeFor = (out: { isTTY?: boolean }, now: number): ((at: string) => string) =>
  out.isTTY ? (at) => ago(at, now) : (at) => at
