import { html } from 'hono/html'

/** Small line drawings beside words; they say nothing that the words do not. */
const DRAWN = {
  overview: 'M4 13h7V4H4zM13 20h7V11h-7zM4 20h7v-5H4zM13 9h7V4h-7z',
  target:
    'M12 3v4M12 17v4M3 12h4M17 12h4M12 19a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z',
  scan: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4M8 11h6',
  issue: 'M12 4 2.8 20h18.4zM12 10v5M12 17.5v.5',
  fleet: 'M4 5h16v5H4zM4 14h16v5H4zM7.5 7.5h.01M7.5 16.5h.01M12 7.5h5M12 16.5h5',
  channel: 'M4 5h16v11H9l-5 4zM8 9h8M8 12h5',
  key: 'M8 15a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 11h9M18 11v3M15 11v2.5',
  audit: 'M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7',
  settings:
    'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  ranges: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18',
  rules: 'M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3zM5 17a3 3 0 0 1 3-3h11M9 8h6',
  api: 'M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14',
} as const

export type IconName = keyof typeof DRAWN

const drawing = (path: string) =>
  html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linejoin="round" aria-hidden="true"><path d="${path}"/></svg>`

/** Written once for all pages: each has a dozen of them, and nothing in them ever changes. */
const WRITTEN = Object.fromEntries(Object.entries(DRAWN).map(([name, path]) => [name, drawing(path)])) as Record<
  IconName,
  ReturnType<typeof drawing>
>

export const Icon = ({ name }: { name: IconName }) => WRITTEN[name]
