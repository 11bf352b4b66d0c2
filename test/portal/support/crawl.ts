/** Finds the pages of the portal by following its links, so that a new page is looked at as soon as something leads there. */
/** no pages: files, what other programs read, and what ends the visit */
const OTHERS = /^\/(api|portal|probe|ip-ranges|ips-v|\.well-known|schemas?|signout)|\.(txt|csv|json|xml|svg|js|css)$/
const ID = /\/([a-z]{3})_[\w-]+/g
/** pages that nothing links to */
const STRAY = ['/signin', '/scans/scn_none', '/proofs/prf_none', '/nosuch']

/** Asks for a page as one who is signed in. */
export type Ask = (path: string) => Promise<{ type: string; text: string }>

/** One path and query for each kind of page (or so many), in the order in which they were found. */
export async function pagesOf(ask: Ask, first: readonly string[] = [], ofEachKind = 2): Promise<string[]> {
  const waiting = ['/', ...first]
  const known = new Map<string, number>()
  const pages: string[] = []
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const kind = kindOf(path)
    const before = known.get(kind) ?? 0
    if (before >= ofEachKind || pages.includes(path)) continue
    const { type, text } = await ask(path)
    known.set(kind, before + 1)
    if (!type.startsWith('text/html')) continue
    pages.push(path)
    waiting.push(...linksIn(text).filter((link) => !OTHERS.test(link.split('?')[0] ?? '')))
  }
  return [...pages, ...STRAY.filter((path) => !pages.includes(path))]
}

/** `/issues/:iss?sort`: what differs in the id or in a value alone is the same kind. */
export function kindOf(path: string): string {
  const { pathname, searchParams } = new URL(path, 'http://x')
  return `${pathname.replace(ID, '/:$1')}?${[...searchParams.keys()].sort()}`
}

/** Paths of our own in the order in which they stand; no files of lists, no other order of one, no places on a page. */
function linksIn(html: string): string[] {
  return [...html.matchAll(/<a\b[^>]*?\shref="([^"]+)"/g)]
    .filter(([tag]) => !/\sdownload\b/.test(tag))
    .map(([, href = '']) => href.replaceAll('&amp;', '&').replace(/#.*$/, ''))
    .filter((href) => /^\/(?!\/)/.test(href) && !/[?&](format|cursor|done|sort)=/.test(href))
}
