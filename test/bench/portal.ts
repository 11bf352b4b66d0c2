/**
 * `npm run bench:portal`: what each page costs when much is stored. A real scan of each verdict is made and multiplied
 * to TARGETS targets with SCANS scans each, 5,000 issues, 20 probes and 10,000 audit lines; then every page that a link leads to
 * is asked for: CPU time of the Worker, D1 queries and rows, and what a first visit brings over the wire, style and scripts with it.
 * Here workerd runs the database too, in the same threads, where on Cloudflare it is elsewhere and no CPU of the Worker. So the
 * very same statements are asked again by a route that does nothing else, and what that costs is taken off; both are told.
 * Each page is asked for once before any is measured: what all share (router, guards, frame) would else be warmed at the cost of
 * whichever comes first. What is a page's own is as cold as IN_BLOCK * WARM_UP requests leave it; what the first request of it cost
 * is told beside it, the database with it.
 * FOLDER=DIR keeps the database there and uses it again; ONLY=WORDS measures those pages alone whose path has one of them. Beside them the empty route and lists of the API, from the same run.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { kindOf, pagesOf } from '../portal/support/crawl.ts'
import { type FleetHost, openFleetHost } from './fleet/host.ts'
import { fill } from './portal/fill.ts'
import { realScans } from './portal/real.ts'
import { closeWith, median, printTable } from './table.ts'

const TARGETS = Number(process.env.TARGETS ?? 10_000)
const SCANS_PER_TARGET = Number(process.env.SCANS ?? 10)
const BLOCKS = Number(process.env.BLOCKS ?? 7)
/** times that a page is asked for in one block: collections of garbage come every few requests, and a figure is the difference of two */
const IN_BLOCK = 20
/** blocks that are not counted */
const WARM_UP = 2
const CPU_LIMIT_MS = 10
const QUERY_LIMIT = 5
const WIRE_LIMIT_KB = 60
/** no pages of ours to hold: lists of the API, for comparison */
const LISTS = ['/api/v1/scans?limit=50', '/api/v1/targets?limit=50', '/api/v1/issues?limit=50']

interface Cost {
  status: number
  /** of workerd, the database with it */
  cpuMs: number
  /** … the first time that the page was asked for */
  firstMs: number
  /** of its statements alone, asked again by a route that does nothing else */
  databaseMs: number
  queries: number
  rowsRead: number
  raw: number
  gzip: number
  brotli: number
}
interface Asked {
  queries: unknown[][]
  rowsRead: number
}
interface Visitor {
  cookie: string
  ask(path: string): Promise<{ status: number; type: string; text: string }>
}

const kept = process.env.FOLDER
const folder = kept ?? mkdtempSync(join(tmpdir(), 'portwitness-bench-'))
const shortfalls: string[] = []
try {
  const key = await database()
  const { queries, pages } = await counted(key)
  const costs = await timed(key, [...pages, ...LISTS], queries)
  report(pages, costs, queries)
} finally {
  if (!kept) rmSync(folder, { recursive: true, force: true })
}
closeWith('bench:portal', shortfalls)

/** Makes the database unless it is there, and gives an admin key for it. */
async function database(): Promise<string> {
  const note = join(folder, 'key')
  if (existsSync(note)) return readFileSync(note, 'utf8')
  mkdirSync(folder, { recursive: true })
  console.log('Three real scans …')
  const { originals, key } = await realScans(folder)
  const began = performance.now()
  const counts = await fill(folder, originals, {
    ...{ targets: TARGETS, scansPerTarget: SCANS_PER_TARGET, issues: TARGETS / 2, probes: 20, auditLines: 10_000 },
    withFacts: 500,
  })
  console.log(`\nfilled in ${Math.round((performance.now() - began) / 1_000)} s`)
  printTable(['table', 'rows'], Object.entries(counts))
  writeFileSync(note, key, { mode: 0o600 })
  return key
}

async function signedIn(host: FleetHost, key: string): Promise<Visitor> {
  const answer = await fetch(`${host.url}/signin`, {
    ...{ method: 'POST', redirect: 'manual' },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ key }),
  })
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
  if (cookie === '') throw new Error(`not signed in: ${answer.status}`)
  return {
    cookie,
    async ask(path) {
      const page = await fetch(host.url + path, { headers: { cookie, accept: 'text/html,*/*' }, redirect: 'manual' })
      return { status: page.status, type: page.headers.get('content-type') ?? '', text: await page.text() }
    },
  }
}

/** Which pages there are, and what each asks of the database. */
async function counted(key: string) {
  const host = await openFleetHost(folder, true)
  try {
    const visitor = await signedIn(host, key)
    const wanted = (process.env.ONLY ?? '').split(' ').filter(Boolean)
    const pages = (await pagesOf(visitor.ask, await pictured(visitor), 1)).filter(
      (path) => wanted.length === 0 || wanted.some((word) => path.includes(word)),
    )
    const queries = new Map<string, Asked>()
    for (const path of [...pages, ...LISTS]) {
      await host.queries()
      await host.rows()
      await visitor.ask(path)
      queries.set(path, { queries: await host.queries(), rowsRead: (await host.rows()).read })
    }
    return { queries, pages }
  } finally {
    await host.close()
  }
}

/** The dearest of their kinds: a scan whose lost ports are drawn, and its issue. */
async function pictured({ ask }: Visitor): Promise<string[]> {
  const list = await ask('/scans?verdict=interference')
  for (const [, path = ''] of list.text.matchAll(/href="(\/scans\/scn_\w+)"/g)) {
    const { text } = await ask(path)
    const issue = /href="(\/issues\/iss_\w+)"/.exec(text)?.[1]
    const drawn = text.match(/<figure class="picture"/g)?.length ?? 0
    if (drawn > 0 && issue) {
      console.log(`${path} has ${drawn} pictures`)
      return [path, issue]
    }
  }
  throw new Error('no scan with a picture was found: the bench would not see the dearest pages')
}

async function timed(key: string, paths: readonly string[], queries: ReadonlyMap<string, Asked>) {
  const host = await openFleetHost(folder, false)
  try {
    const visitor = await signedIn(host, key)
    /** of one request, median over blocks; the two take turns, so that a machine that slows down slows both */
    const measure = async (path: string) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${path.padEnd(70).slice(0, 70)}`)
      const body = JSON.stringify(queries.get(path)?.queries ?? [])
      const ways = {
        cpuMs: () => visitor.ask(path),
        databaseMs: async () => (await fetch(`${host.url}/__replay`, { method: 'POST', body })).text(),
      }
      const blocks: Record<keyof typeof ways, number[]> = { cpuMs: [], databaseMs: [] }
      for (let block = 0; block < WARM_UP + BLOCKS; block++)
        for (const way of ['cpuMs', 'databaseMs'] as const) {
          const before = host.cpuMs()
          for (let i = 0; i < IN_BLOCK; i++) await ways[way]()
          if (block >= WARM_UP) blocks[way].push((host.cpuMs() - before) / IN_BLOCK)
        }
      return { cpuMs: median(blocks.cpuMs), databaseMs: median(blocks.databaseMs) }
    }
    const files = new Map<string, Uint8Array>()
    const sizes = new Map<string, Omit<Cost, 'queries' | 'rowsRead' | 'cpuMs' | 'databaseMs'>>()
    for (const path of paths) {
      const before = host.cpuMs()
      const { status, text } = await visitor.ask(path)
      const firstMs = host.cpuMs() - before
      const parts: Uint8Array[] = [Buffer.from(text)]
      for (const [, asset = ''] of text.matchAll(/<(?:script|link|img)\b[^>]*?(?:src|href)="(\/portal\/[^"]+)"/g)) {
        if (!files.has(asset)) files.set(asset, Buffer.from((await visitor.ask(asset.replaceAll('&amp;', '&'))).text))
        const file = files.get(asset)
        if (file && !parts.includes(file)) parts.push(file)
      }
      const sum = (size: (part: Uint8Array) => number) => parts.reduce((all, part) => all + size(part), 0)
      sizes.set(path, {
        ...{ status, firstMs, raw: sum((part) => part.length) },
        ...{ gzip: sum((part) => gzipSync(part).length), brotli: sum((part) => brotliCompressSync(part).length) },
      })
    }
    const costs = new Map<string, Omit<Cost, 'queries' | 'rowsRead'>>()
    for (const [path, size] of sizes) costs.set(path, { ...size, ...(await measure(path)) })
    return costs
  } finally {
    await host.close()
  }
}

function report(
  pages: readonly string[],
  costs: ReadonlyMap<string, Omit<Cost, 'queries' | 'rowsRead'>>,
  queries: ReadonlyMap<string, Asked>,
): void {
  const kb = (bytes: number) => Math.round(bytes / 102.4) / 10
  const rows = [...costs].map(([path, { status, cpuMs, firstMs, databaseMs, raw, gzip, brotli }]) => {
    const asked = queries.get(path)
    const made = asked?.queries.length ?? Number.NaN
    const own = Math.max(0, cpuMs - databaseMs)
    if (pages.includes(path)) {
      if (!(own <= CPU_LIMIT_MS)) shortfalls.push(`${path}: ${own.toFixed(1)} ms CPU, allowed ${CPU_LIMIT_MS}`)
      if (!(made <= QUERY_LIMIT)) shortfalls.push(`${path}: ${made} queries, allowed ${QUERY_LIMIT}`)
      if (!(kb(gzip) <= WIRE_LIMIT_KB)) shortfalls.push(`${path}: ${kb(gzip)} KB compressed, allowed ${WIRE_LIMIT_KB}`)
      if (status >= 500) shortfalls.push(`${path}: answered ${status}`)
    }
    const name = path.startsWith('/api') ? `API ${path.slice(7)}` : kindOf(path).replace(/\?$/, '')
    return [
      ...[name, status, own.toFixed(1), databaseMs.toFixed(1), firstMs.toFixed(1)],
      ...[made, asked?.rowsRead ?? Number.NaN],
      ...[kb(raw), kb(gzip), kb(brotli)],
    ]
  })
  console.log(`\n${TARGETS} targets, ${TARGETS * SCANS_PER_TARGET} scans`)
  printTable(
    [
      'page',
      'status',
      'Worker CPU ms',
      'D1 ms',
      'first, both',
      'queries',
      'rows read',
      'KB first visit',
      'gzip',
      'brotli',
    ],
    rows,
  )
  console.log(`limits           ${CPU_LIMIT_MS} ms, ${QUERY_LIMIT} queries, ${WIRE_LIMIT_KB} KB gzip`)
}
