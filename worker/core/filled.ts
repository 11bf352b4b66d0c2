/** What a scan and its retests tested between them: a retest fills the gaps that interference left. */
import type { Judgement, PortVerdict, ScanCoverage } from '../../schema/judgement.ts'
import { formatPorts, portsIn } from '../../schema/ports.ts'
import { count, listed, number } from './text.ts'

/** A scan that has ended, as far as its coverage goes. `ports` is what it was asked for, in canonical nmap syntax. */
export interface Part {
  scanId: string
  ports: string
  startedAt: number | null
  judgement: Judgement
}

const SHOWN = 8

/**
 * The coverage of `whole` with the work of its retests added: a port counts as tested when any of them tested it, an open
 * port by the best share that any of them got done. Both shares multiply, as in `scanCoverage`.
 */
export function coverageTogether(whole: Part, retests: readonly Part[]): NonNullable<ScanCoverage['together']> {
  const asked = whole.judgement.coverage?.portsAsked ?? 0
  const gaps = new Set(portsIn(whole.judgement.coverage?.untested ?? ''))
  for (const { ports, judgement } of retests) {
    const untested = portsIn(judgement.coverage?.untested ?? '')
    for (const port of portsIn(ports)) if (!untested.has(port)) gaps.delete(port)
  }
  // A gap is a port that was not tested at some address; the scan's own number counts each address.
  const tested = Math.max(whole.judgement.coverage?.portsTested ?? 0, asked - gaps.size)
  const best = bestShares([whole, ...retests])
  const depth = best.length === 0 ? 1 : best.reduce((sum, { share }) => sum + share, 0) / best.length
  const share = Math.floor((asked === 0 ? 1 : tested / asked) * depth * 100 + 1e-9) / 100
  return {
    scanId: whole.scanId,
    share,
    portsAsked: asked,
    portsTested: tested,
    statement: sentence(whole, asked, formatPorts(gaps), gaps.size, best),
  }
}

interface Best {
  port: number
  share: number
}

/** Each endpoint that was seen open, with the best share of its planned work. */
function bestShares(parts: readonly Part[]): Best[] {
  const best = new Map<string, Best>()
  const isService = ({ verdict, firstSeenOpenAt }: PortVerdict) => verdict !== 'phantom' && firstSeenOpenAt !== null
  for (const { address, port, coverage } of parts.flatMap(({ judgement }) => judgement.ports.filter(isService))) {
    const key = `${address} ${port}`
    best.set(key, { port, share: Math.max(coverage.share, best.get(key)?.share ?? 0) })
  }
  return [...best.values()]
}

function sentence(whole: Part, asked: number, gaps: string, missing: number, best: readonly Best[]): string {
  const at =
    whole.startedAt === null ? '' : ` of ${new Date(whole.startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const partly = [...new Set(best.filter(({ share }) => share < 1).map(({ port }) => port))].toSorted((a, b) => a - b)
  const rest = [
    ...(missing > 0
      ? [
          `${count(missing, 'port')} of ${number(asked)} asked ${missing === 1 ? 'is' : 'are'} still not tested${short(gaps)}`,
        ]
      : []),
    ...(partly.length > 0
      ? [`findings on ${partly.length === 1 ? 'port' : 'ports'} ${shown(partly)} are still incomplete`]
      : []),
  ]
  const done = `all ${count(asked, 'port')} asked are tested, and the planned work on every open port is done`
  return `Together with the scan${at}: ${rest.length > 0 ? listed(rest) : done}.`
}

const short = (gaps: string): string => (gaps !== '' && gaps.length <= 60 ? ` (${gaps})` : '')
const shown = (ports: readonly number[]): string =>
  listed(
    ports.length > SHOWN ? [...ports.slice(0, SHOWN).map(String), `${ports.length - SHOWN} more`] : ports.map(String),
  )
