/** The observations behind a picture, as a file. */
import { observationId } from '../../../schema/facts.ts'
import type { SeenTouch } from '../../../schema/seen.ts'
import { latin1Of } from '../../core/text.ts'
import { type DataColumn, fileColumns } from '../parts/listing.tsx'
import type { Album } from './album.ts'
import { saidWords } from './telling.ts'

/** All of an album's touches, in order of time, with what a file says of each. */
export function touchFile({ seen, panel, sources }: Album): {
  columns: readonly DataColumn<SeenTouch>[]
  rows: readonly SeenTouch[]
} {
  const members = new Map(panel.map((member) => [member.probeId, member]))
  const columns = fileColumns<SeenTouch>({
    id: ({ runId, touch }) => observationId(runId, touch.n),
    at: ({ touch }) => new Date(touch.at).toISOString(),
    afterStartMs: ({ touch }) => touch.at - sources.from,
    role: ({ probeId }) => members.get(probeId)?.role ?? null,
    site: ({ probeId }) => members.get(probeId)?.site ?? null,
    sourceAddress: ({ probeId }) => members.get(probeId)?.sourceAddress ?? null,
    probeId: ({ probeId }) => probeId,
    address: ({ touch }) => touch.address,
    port: ({ touch }) => touch.port,
    purpose: ({ touch }) => touch.purpose,
    round: ({ touch }) => touch.round ?? null,
    check: ({ touch }) => touch.check,
    sight: ({ touch }) => touch.sight,
    code: ({ touch }) => touch.code ?? null,
    afterMs: ({ touch }) => touch.afterMs,
    httpStatus: ({ touch }) => touch.httpStatus ?? null,
    fit: ({ touch }) => touch.fit ?? true,
    bytes: ({ touch }) => latin1Of(touch.firstBytes).length,
    sent: ({ touch }) => saidWords(touch),
  })
  return { columns, rows: seen.touches }
}
