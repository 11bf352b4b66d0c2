/** A strict reader of the few HTML tags that a platform takes: what it does not know, or finds unclosed, it refuses. */
import { must } from './platform.ts'

export interface Entity {
  tag: string
  href: string | null
  text: string
}

export interface Parsed {
  text: string
  entities: Entity[]
  /** text outside code and links, where platforms look for mentions and URLs by themselves */
  loose: string
}

const MARK = /[<>&]/g
const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' }

/** `tags`: each with the attributes that it takes. Code and pre hold no other entity (core.telegram.org/bots/api). */
export function readHtml(
  html: string,
  tags: Record<string, readonly string[]>,
  isVoid: readonly string[] = [],
): Parsed {
  const open: { tag: string; href: string | null; from: number }[] = []
  const entities: Entity[] = []
  let text = ''
  let loose = ''
  const add = (piece: string): void => {
    text += piece
    if (!open.some(({ tag }) => tag === 'code' || tag === 'pre' || tag === 'a')) loose += piece
  }
  for (let at = 0; at < html.length; ) {
    MARK.lastIndex = at
    const plain = html.slice(at, MARK.exec(html)?.index ?? html.length)
    if (plain !== '') {
      add(plain)
      at += plain.length
      continue
    }
    const c = html[at] as string
    if (c === '<') {
      const match = /^<(\/?)([a-z][a-z-]*)((?:\s+[a-z-]+="[^"<>]*")*)>/.exec(html.slice(at, at + 4_000))
      must(match, `unsupported start tag at offset ${at}`)
      const [whole, slash, tag = '', attributes = ''] = match
      must(tag in tags || isVoid.includes(tag), `unsupported tag "${tag}"`)
      if (isVoid.includes(tag)) text += '\n'
      else if (slash) {
        const last = open.pop()
        must(last?.tag === tag, `unmatched end tag "${tag}"`)
        entities.push({ tag, href: last.href, text: text.slice(last.from) })
      } else {
        must(!open.some((one) => one.tag === 'code' || one.tag === 'pre'), 'an entity inside code')
        const given = [...attributes.matchAll(/([a-z-]+)="([^"]*)"/g)]
        must(
          given.every(([, name = '']) => tags[tag]?.includes(name)),
          `unsupported attribute of "${tag}"`,
        )
        const href = given.find(([, name]) => name === 'href')?.[2] ?? null
        must(tag !== 'a' || (href !== null && /^https?:\/\//.test(decode(href))), 'a link without a URL')
        open.push({ tag, href: href === null ? null : decode(href), from: text.length })
      }
      at += whole.length
      continue
    }
    const match = c === '&' ? /^&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]+);/i.exec(html.slice(at, at + 12)) : null
    must(c !== '&' || match, `a bare & at offset ${at}`)
    must(match, `a bare > at offset ${at}`)
    add(decode(match[0]))
    at += match[0].length
  }
  must(open.length === 0, `unclosed tag "${open.at(-1)?.tag}"`)
  return { text, entities, loose }
}

const decode = (text: string): string =>
  text.replace(/&([a-z]+|#x?[0-9a-f]+);/gi, (_, name: string) => {
    if (name.startsWith('#'))
      return String.fromCodePoint(name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)))
    const known = NAMED[name]
    must(known !== undefined, `unsupported entity &${name};`)
    return known
  })
