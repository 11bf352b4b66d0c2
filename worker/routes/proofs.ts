import { Hono } from 'hono'
import { EmptyBody, pageOf } from '../../schema/api.ts'
import { ProofAnswer } from '../../schema/proofApi.ts'
import { printable } from '../../schema/terminal.ts'
import { cancelScan } from '../cancel.ts'
import type { AppEnv } from '../context.ts'
import { Failure } from '../failure.ts'
import { allow } from '../guards/tenant.ts'
import { resultNow } from '../proofEnd.ts'
import { listProofs, type Proof, readProof } from '../store/proofs.ts'
import { openText } from '../store/raw.ts'
import type { World } from '../world.ts'
import { describe, PAGE_QUERY } from './describe.ts'
import { plainText } from './plain.ts'
import { proofAnswer, proofHref } from './proofShape.ts'
import { pageRequest, textIn } from './query.ts'

const TAG = 'Proofs'
/** A matrix may be as large as a row of the database: so many of them fit the memory of a Worker many times over. */
const MOST_AT_ONCE = 10

export const proofRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      tag: TAG,
      does: 'List proofs, newest first, at most ten at once',
      answer: pageOf(ProofAnswer),
      query: { ...PAGE_QUERY, targetId: 'of this target' },
    }),
    async (c) => {
      const { world, caller } = c.var
      const filter = { targetId: textIn(c, 'targetId', 60) }
      const asked = pageRequest(c)
      const request = { ...asked, limit: Math.min(asked.limit, MOST_AT_ONCE) }
      const page = await listProofs(world.db, caller.tenantId, filter, request)
      return c.json({ ...page, items: await Promise.all(page.items.map((proof) => answered(world, proof))) })
    },
  )
  .get(
    '/:id',
    describe({ tag: TAG, does: 'Read a proof: each address and each endpoint', answer: ProofAnswer }),
    async (c) =>
      c.json(await answered(c.var.world, await found(c.var.world, c.var.caller.tenantId, c.req.param('id')))),
  )
  .post(
    '/:id/cancel',
    describe({ tag: TAG, does: 'Stop a proof', body: EmptyBody, answer: ProofAnswer, status: 202 }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      const proof = await found(world, caller.tenantId, c.req.param('id'))
      await cancelScan(world, caller.tenantId, proof.id)
      return c.json(await answered(world, await found(world, caller.tenantId, c.req.param('id'))), 202)
    },
  )
  .get(
    '/:id/output',
    describe({
      tag: TAG,
      does: 'The raw output of a proof',
      type: 'text/plain',
      query: { view: '`cut` shows a part in place, with a link to the whole' },
    }),
    async (c) => {
      const { world, caller } = c.var
      const id = c.req.param('id')
      const proof = await found(world, caller.tenantId, id)
      const text = proof.outputKey ? await openText(world.raw, proof.outputKey) : null
      if (!text) throw new Failure('not_found', 'This proof has no output, or none yet.')
      return plainText(text, {
        name: `${printable(id, 40)}.txt`,
        cut: c.req.query('view') === 'cut' ? proofHref(id) : null,
      })
    },
  )

const answered = async (world: World, proof: Proof): Promise<ProofAnswer> =>
  proofAnswer(proof, await resultNow(world, proof))

async function found({ db }: World, tenantId: string, id: string): Promise<Proof> {
  const proof = await readProof(db, tenantId, id)
  if (!proof) throw new Failure('not_found', 'There is no proof with that id.')
  return proof
}
