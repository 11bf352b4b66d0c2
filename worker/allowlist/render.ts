/** A format and what it is to hold → a file to be put in place, with the way there as comments of its own. */
import { FORMATS, type Format } from '../core/remedies/remedy.ts'
import { RENDERERS } from './formats.ts'
import type { Kit, Notes, Renderer } from './kit.ts'
import { label, plainUrl } from './label.ts'

export interface Allowlist extends Notes {
  format: Format
  title: string
  file: string
  type: Renderer['type']
  text: string
}

export const isFormat = (word: string): word is Format => (FORMATS as readonly string[]).includes(word)

/** Whether a format can shut out everybody else. */
export const canExclude = (format: Format): boolean => rendererOf(format).exclusive !== undefined

/** What is known of a format without any address. */
export function formatLine(format: Format, kit: Kit): Notes & Pick<Allowlist, 'format' | 'title' | 'file' | 'type'> {
  const { title, file, type, notes } = rendererOf(format)
  return { format, title, file, type, ...notes(kit) }
}

/**
 * The text of an allowlist. `exclusive` lets in the scanner and nobody else; it is for formats that `canExclude`.
 * Without any range there is nothing to allow, and the text says so: no format is left to guess what an empty list means.
 */
export function renderAllowlist(format: Format, kit: Kit, { exclusive = false } = {}): Allowlist {
  const renderer = rendererOf(format)
  const { comment } = renderer
  const open = renderer.notes(kit)
  const notes = exclusive ? { ...open, ...renderer.exclusiveNotes?.(kit) } : open
  const make = exclusive && renderer.exclusive ? renderer.exclusive : renderer.body
  const body = kit.entries.length === 0 ? [] : make(kit)
  const said =
    comment === null ? [] : headOf(renderer, kit, notes, exclusive).map((line) => `${comment} ${line}`.trimEnd())
  return {
    ...formatLine(format, kit),
    ...notes,
    text: [...said, ...(said.length > 0 && body.length > 0 ? [''] : []), ...body].map((line) => `${line}\n`).join(''),
  }
}

const rendererOf = (format: Format): Renderer => RENDERERS[format]

function headOf({ title }: Renderer, kit: Kit, notes: Notes, exclusive: boolean): string[] {
  const { list, situation, expiresAt, entries } = kit
  const count = entries.length === 1 ? '1 range' : `${entries.length} ranges`
  return [
    `Portwitness: ${title}`,
    `${count} of ${list.version === null ? 'a list without a version yet' : `list version ${label(list.version)}`}, from ${plainUrl(list.url)}`,
    ...(situation ? [forIssue(situation)] : []),
    ...(situation?.gone ? [`Left out: ${situation.gone.text} ${GONE}`] : []),
    expiresAt === null
      ? 'Expires: no date was given; compare it with the list now and then, new ranges are announced before they are used'
      : `Expires: ${new Date(expiresAt).toISOString()}; remove it then, nothing else will`,
    ...(exclusive ? ['EXCLUSIVE: it lets in these addresses and nobody else'] : []),
    ...(entries.length === 0 ? ['There is no such range: nothing to allow'] : []),
    ...said('Where', notes.where),
    ...said('Check', notes.check),
    ...said('Undo', notes.undo),
    ...said('Mind', notes.traps),
  ]
}

/** Follows an address. */
export const GONE =
  'scanned this target, and is in none of our ranges any more: whoever has it now is not us, so take it off your allowlist'

const said = (name: string, lines: readonly string[]): string[] =>
  lines.map((line, i) => `${i === 0 ? `${name}:` : ''.padEnd(name.length + 1)} ${line}`)

function forIssue({ issueId, target, ports, addresses }: NonNullable<Kit['situation']>): string {
  const where = addresses.map(({ text }) => text).filter((text) => text !== target)
  const names = [label(target), ...(where.length > 0 ? [`(${where.slice(0, 8).join(', ')})`] : [])].join(' ')
  const lost =
    ports.length === 0 ? '' : `, lost ports ${ports.slice(0, 20).join(', ')}${ports.length > 20 ? ' and more' : ''}`
  return `For issue ${label(issueId)}: target ${names}${lost}`
}
