/** The Worker as a bundle, whole or with one of its safeguards taken out: a count that cannot rise counts nothing. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'
import { bundleWorker } from '../../worker/embedded/bundle.ts'

export const ROOT = join(import.meta.dirname, '../..')
export const ENTRY = 'test/worker/support/faulty-worker.ts'

interface Cut {
  file: string
  cut: string
  put: string
}
/** Each takes out one safeguard of the store; the texts are as they stand in its files. */
const $ = (name: string): string => `$${'{'}${name}}`

export const BREAKAGES = {
  /** the lease is no longer asked for when facts are stored, nor when they are acknowledged */
  fence: [
    { file: 'worker/store/runs.ts', cut: `AND epoch = ${$('epoch')} AND ended_at IS NULL)\``, put: ')`' },
    {
      file: 'worker/report.ts',
      cut: '!held || held.run.epoch !== report.epoch || held.run.endedAt !== null) throw stale()\n  if (has',
      put: '!held) throw stale()\n  if (has',
    },
    {
      file: 'worker/report.ts',
      cut: 'if (!held || held.run.epoch !== report.epoch || held.run.endedAt !== null) throw stale()\n  checkPlan',
      put: 'if (!held) throw stale()\n  checkPlan',
    },
    { file: 'worker/report.ts', cut: 'lastHeld(id, runId, epoch) ??', put: '' },
  ],
  /** a report sent again is stored again */
  once: [
    {
      file: 'worker/store/facts.ts',
      cut: `${$('report.seq')}, ${$('part')}, ${$('now')}`,
      put: `abs(random()) % 1000000000000, ${$('part')}, ${$('now')}`,
    },
  ],
  /** acknowledged and never stored: one of two renewals */
  store: [
    {
      file: 'worker/store/facts.ts',
      cut: `${$('body')} WHERE ${$('guard')}`,
      put: `${$('body')} WHERE ${$('guard')} AND abs(random()) % 2 = 0`,
    },
  ],
} as const satisfies Record<string, readonly Cut[]>
export type Breakage = keyof typeof BREAKAGES

/** @throws when the safeguard is no longer where it was */
export const bundle = (breakage: Breakage | null = null, entry = ENTRY): Promise<string> =>
  bundleWorker(ROOT, entry, breakage === null ? [] : [breaking(BREAKAGES[breakage])])

const breaking = (cuts: readonly Cut[]): Plugin => ({
  name: 'breaking',
  setup(made) {
    for (const file of new Set(cuts.map((one) => one.file)))
      made.onLoad({ filter: new RegExp(`${file.replaceAll('.', '\\.')}$`) }, async ({ path }) => {
        let contents = await readFile(path, 'utf8')
        for (const { cut, put } of cuts.filter((one) => one.file === file)) {
          if (!contents.includes(cut)) throw new Error(`${file} no longer holds what is to be taken out: ${cut}`)
          contents = contents.replace(cut, () => put)
        }
        return { contents, loader: 'ts' }
      })
  },
})
