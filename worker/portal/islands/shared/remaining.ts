/** How long something still takes, told by how fast it went of late. */
interface Mark {
  at: number
  done: number
}

/** So far back counts as of late. */
const WINDOW_MS = 30_000
/** Before that nothing is said: the first steps tell little. */
const SETTLE_MS = 2_000

export interface Remaining {
  /** another kind of work begins */
  restart: () => void
  /** `about 40 s left`; '' while that cannot be told. `now` is in milliseconds of any clock that only goes forward. */
  words: (done: number, total: number, now: number) => string
}

export function remaining(): Remaining {
  let marks: Mark[] = []
  return {
    restart: () => {
      marks = []
    },
    words: (done, total, now) => {
      if (done < (marks.at(-1)?.done ?? 0)) marks = []
      marks.push({ at: now, done })
      marks = marks.filter((mark, i) => now - mark.at <= WINDOW_MS || i === marks.length - 1)
      const [first] = marks
      if (!first || now - first.at < SETTLE_MS || done <= first.done || done >= total) return ''
      return `about ${rough(((total - done) * (now - first.at)) / (done - first.done))} left`
    },
  }
}

/** No more exact than it can be known. */
function rough(ms: number): string {
  const seconds = ms / 1_000
  if (seconds < 10) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 90) return `${Math.round(seconds / 5) * 5} s`
  const minutes = seconds / 60
  return minutes < 90 ? `${Math.round(minutes)} min` : `${(minutes / 60).toFixed(1)} h`
}
