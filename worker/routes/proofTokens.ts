import { Hono } from 'hono'
import { ProofTokenAnswer, RotateBody } from '../../schema/proofApi.ts'
import type { AppEnv } from '../context.ts'
import { bodyOrForm } from '../guards/limit.ts'
import { allow } from '../guards/tenant.ts'
import { readTokens, rotateTokens } from '../proofTokens.ts'
import { describe } from './describe.ts'
import { rotationIn } from './form-bodies.ts'

const TAG = 'Who is knocking'
/** A token is a secret between a tenant, its defences and the probes. */
export const NO_STORE = { 'cache-control': 'no-store' }

export const proofTokenRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      tag: TAG,
      does: 'The token that HTTP touches of your targets carry as `Portwitness-Proof`: a defence that asks for it lets no other tenant in',
      answer: ProofTokenAnswer,
    }),
    allow('write'),
    async (c) => c.json(await readTokens(c.var.world, c.var.caller.tenantId, null), 200, NO_STORE),
  )
  .post(
    '/rotate',
    describe({
      tag: TAG,
      does: 'Make the tokens that follow, of the tenant and of each target; the old ones are carried until then',
      body: RotateBody,
      answer: ProofTokenAnswer,
    }),
    allow('write'),
    async (c) => {
      const { overlapSeconds } = await bodyOrForm(c, RotateBody, rotationIn)
      const overlapMs = overlapSeconds === undefined ? undefined : overlapSeconds * 1_000
      return c.json(await rotateTokens(c.var.world, c.var.caller.tenantId, overlapMs), 200, NO_STORE)
    },
  )
