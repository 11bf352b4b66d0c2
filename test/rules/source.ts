/** The repository's own source, as the rules read it. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')
const SKIPPED = new Set(['node_modules', 'dist', '.wrangler', '.data', '.git'])

/** Paths below `folders`, from the repository's root, whose names end in one of `ends`; a missing folder has none. */
export function filesOf(folders: readonly string[], ends: readonly string[]): string[] {
  const walk = (folder: string): string[] => {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : walk(path)
      return ends.some((end) => entry.name.endsWith(end)) ? [relative(ROOT, path).replaceAll('\\', '/')] : []
    })
  }
  const present = readdirSync(ROOT)
  return folders
    .filter((folder) => present.includes(folder.split('/')[0] ?? ''))
    .flatMap((folder) => walk(join(ROOT, folder)))
}

export const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** The text without comments, so that a word in prose breaks no rule. Line numbers stay. */
export const codeOf = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[\s;{}(,])\/\/[^\n]*/g, '$1')

const FROM =
  /^[ \t]*(?:import\s+(?:type\s+)?[\w*${},\s]+?|export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\}))\s*from\s*['"]([^'"]+)['"]/gm
/** Imported while running, by a name that is written out: these are seen like the others. */
const LATE = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g
const BARE = /^[ \t]*import\s*['"]([^'"]+)['"]/gm

/** What a file imports or re-exports: packages as written, own files as paths from the root. */
export function importsOf(path: string, text: string): string[] {
  const code = codeOf(text)
  const written = [...code.matchAll(FROM), ...code.matchAll(BARE), ...code.matchAll(LATE)].map(
    (match) => match[1] ?? '',
  )
  return written.map((specifier) =>
    specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier,
  )
}
