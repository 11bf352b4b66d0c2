/** The pages of scans and proofs, and what hangs on them: output, pictures, observations as files. */
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { badField, Failure } from '../failure.ts'
import { tenant } from '../guards/tenant.ts'
import { judgementNow } from '../live.ts'
import { PANEL_FILE, PORT_FILE, PROOF_FILE, proofLines } from '../portal/files.ts'
import { asFile, chosenFrom, pictureIn } from '../portal/lanes/album.ts'
import { touchFile } from '../portal/lanes/file.ts'
import { ObservationsPage, TOUCH_FILTERS } from '../portal/lanes/page.tsx'
import type { ListAsk } from '../portal/parts/listing.tsx'
import { ProofPage } from '../portal/proof.tsx'
import { ScanPage } from '../portal/scan.tsx'
import { SCAN_FILE, SCAN_FILTERS, ScansPage } from '../portal/scans.tsx'
import { openText } from '../store/raw.ts'
import { scanPages } from '../store/scanList.ts'
import { readScan } from '../store/scans.ts'
import { readTarget } from '../store/targets.ts'
import { fileFormat, fileOf, fileOfAll, listAsk } from './listing.ts'
import { plainText } from './plain.ts'
import { readProofView } from './portal-data.ts'
import { textIn } from './query.ts'
import { isLost, readAlbum, readScanView } from './scan-data.ts'
import { frameOf, show } from './show.tsx'

const ROWS = 50

const noScan = (): Failure => new Failure('not_found', 'There is no scan with that id.')

/** An image of ours that may be opened by itself: it holds what targets sent, so that it may do nothing. */
const IMAGE = {
  'content-type': 'image/svg+xml; charset=utf-8',
  'content-security-policy': "sandbox; default-src 'none'; style-src 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'private, no-store',
}

export const scanPageRoutes = new Hono<AppEnv>()
  .get('/scans', tenant, async (c) => {
    const { db } = c.var.world
    const { tenantId } = c.var.caller
    const asked = listAsk(c, { sorts: ['createdAt'], filters: SCAN_FILTERS })
    // The API's list calls it targetId.
    const target = asked.filters.target || (textIn(c, 'targetId', 60) ?? '')
    const ask: ListAsk = { ...asked, filters: { ...asked.filters, target } }
    const pageAfter = scanPages(db, tenantId, {
      state: SCAN_FILTERS.state.find((word) => word === ask.filters.state) ?? null,
      verdict: SCAN_FILTERS.verdict.find((word) => word === ask.filters.verdict) ?? null,
      target,
      q: ask.q,
      oldest: ask.sort === 'createdAt' && !ask.desc,
    })
    const read = async (cursor: string, limit: number) => {
      const page = await pageAfter(cursor, limit)
      if (!page) throw badField('invalid', 'cursor', 'must be where an earlier page ended')
      return page
    }
    const format = fileFormat(c)
    if (format !== null) return fileOf('scans', format, SCAN_FILE, read)
    const [frame, page, one] = await Promise.all([
      frameOf(c),
      read(ask.cursor, ROWS),
      target === '' ? null : readTarget(db, tenantId, target),
    ])
    const of = target === '' ? null : { id: target, name: one && (one.name ?? one.address) }
    return show(c, <ScansPage frame={frame} of={of} rows={page.rows} ask={ask} next={page.next} />)
  })
  .get('/scans/:id', tenant, async (c) => {
    const [frame, scan] = await Promise.all([
      frameOf(c),
      readScanView(c.var.world, c.env, c.var.caller.tenantId, c.req.param('id')),
    ])
    if (!scan) throw noScan()
    return show(c, <ScanPage frame={frame} scan={scan} />)
  })
  .get('/scans/:id/output', tenant, async (c) => {
    const { db, raw } = c.var.world
    const scan = await readScan(db, c.var.caller.tenantId, c.req.param('id'))
    const text = scan?.outputKey ? await openText(raw, scan.outputKey) : null
    if (!text) throw new Failure('not_found', 'There is no raw output of this scan.')
    const name = `${scan?.id}.txt`
    return plainText(text, { name, cut: c.req.query('whole') === undefined ? `${c.req.path}?whole` : null })
  })
  .get('/scans/:id/lanes/:file', tenant, async (c) => {
    const port = Number(/^(\d{1,5})\.svg$/.exec(c.req.param('file'))?.[1] ?? Number.NaN)
    const address = textIn(c, 'address', 45)
    const found = await readAlbum(
      c.var.world,
      c.var.caller.tenantId,
      c.req.param('id'),
      (one) => isLost(one) && one.port === port && (address === undefined || one.address === address),
    )
    if (!found) throw noScan()
    const [lost] = found.ports
    const picture = lost && pictureIn(found.album, lost)
    if (!picture) throw new Failure('not_found', 'This scan lost no such port, or what was seen of it is kept no more.')
    return new Response(asFile(found.album, picture), {
      headers: { ...IMAGE, 'content-disposition': `inline; filename="${found.album.scanId}-port-${port}.svg"` },
    })
  })
  .get('/scans/:id/observations', tenant, async (c) => {
    const ask = listAsk(c, { filters: TOUCH_FILTERS })
    const { port = '', address = '', role = '', sight = '' } = ask.filters
    const format = fileFormat(c)
    const [found, frame] = await Promise.all([
      readAlbum(
        c.var.world,
        c.var.caller.tenantId,
        c.req.param('id'),
        (one) =>
          isLost(one) && (port === '' || String(one.port) === port) && (address === '' || one.address === address),
      ),
      format === null ? frameOf(c) : null,
    ])
    if (!found) throw noScan()
    const album = chosenFrom(found.album, { role, sight })
    if (frame) {
      if (!/^\d{0,5}$/.test(ask.cursor)) throw badField('invalid', 'cursor', 'must be where an earlier page ended')
      const ports = [...new Set(found.ports.map((one) => one.port))].sort((a, b) => a - b)
      return show(c, <ObservationsPage frame={frame} album={album} ports={ports} ask={ask} from={Number(ask.cursor)} />)
    }
    const name = port === '' ? `${album.scanId}-observations` : `${album.scanId}-port-${port}`
    const rows = touchFile(album)
    return fileOfAll(name, format ?? 'jsonl', rows.columns, rows.rows)
  })
  .get('/scans/:id/ports', tenant, async (c) => {
    const { db, now } = c.var.world
    const scan = await readScan(db, c.var.caller.tenantId, c.req.param('id'))
    if (!scan) throw noScan()
    const ports = (await judgementNow({ db, now }, scan))?.ports ?? []
    return fileOfAll(`${scan.id}-ports`, fileFormat(c) ?? 'csv', PORT_FILE, ports)
  })
  .get('/scans/:id/panel', tenant, async (c) => {
    const scan = await readScan(c.var.world.db, c.var.caller.tenantId, c.req.param('id'))
    if (!scan) throw noScan()
    const format = fileFormat(c) ?? 'csv'
    return fileOfAll(`${scan.id}-panel`, format, PANEL_FILE, scan.panel)
  })
  .get('/proofs/:id', tenant, async (c) => {
    const format = fileFormat(c)
    const [frame, proof] = await Promise.all([
      frameOf(c),
      readProofView(c.var.world.db, c.var.caller.tenantId, c.req.param('id')),
    ])
    if (!proof) throw new Failure('not_found', 'There is no proof with that id.')
    if (format !== null) return fileOfAll(proof.id, format, PROOF_FILE, proofLines(proof))
    return show(c, <ProofPage frame={frame} proof={proof} />)
  })
