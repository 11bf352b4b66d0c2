/** Proof of control of a target's addresses, and the letters that operators enter. */
import { Hono } from 'hono'
import { parseAddress, parseCidr } from '../../schema/address.ts'
import { EmptyBody, pageOf } from '../../schema/api.ts'
import { LetterAnswer, LetterBody, VerificationAnswer, VerificationBody } from '../../schema/control.ts'
import { newId } from '../../schema/ids.ts'
import { withdrawFrom } from '../cancel.ts'
import type { AppEnv } from '../context.ts'
import { checkVerification, wishVerification } from '../control.ts'
import { settleUnproved } from '../controlEnd.ts'
import { verificationOf } from '../controlView.ts'
import { badField, Failure } from '../failure.ts'
import { bodyOrForm } from '../guards/limit.ts'
import { allow, operator } from '../guards/tenant.ts'
import { addLetter, type Letter, listLetters, revokeLetter, tenantExists } from '../store/letters.ts'
import { readTarget, type Target } from '../store/targets.ts'
import type { World } from '../world.ts'
import { describe } from './describe.ts'
import { letterIn } from './form-bodies.ts'
import { iso, maybeIso } from './shape.ts'

const TAG = 'Control of addresses'

/** Mounted under `/targets`. */
export const verificationRoutes = new Hono<AppEnv>()
  .get(
    '/:id/verification',
    describe({
      tag: TAG,
      does: 'How control of its addresses stands, and what is to be done',
      answer: VerificationAnswer,
    }),
    async (c) => {
      const target = await targetOf(c.var.world, c.var.caller.tenantId, c.req.param('id'))
      return c.json(await verificationOf(c.var.world, target))
    },
  )
  .post(
    '/:id/verification',
    describe({
      tag: TAG,
      does: 'Choose how control of its addresses is proved; the answer says what to put where',
      body: VerificationBody,
      answer: VerificationAnswer,
    }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      const body = await bodyOrForm(c, VerificationBody, wayAsked)
      const target = await targetOf(world, caller.tenantId, c.req.param('id'))
      await wishVerification(world, target, body)
      return c.json(await verificationOf(world, await targetOf(world, caller.tenantId, target.id)))
    },
  )
  .post(
    '/:id/verification/check',
    describe({
      tag: TAG,
      does: 'Look now; `checking` is true while probes are on their way',
      body: EmptyBody,
      answer: VerificationAnswer,
      status: 202,
    }),
    allow('write'),
    async (c) => {
      const { world, caller } = c.var
      await bodyOrForm(c, EmptyBody, () => ({}))
      const target = await targetOf(world, caller.tenantId, c.req.param('id'))
      await checkVerification(world, target)
      await settleUnproved(world, caller.tenantId, target.id, 'control')
      return c.json(await verificationOf(world, await targetOf(world, caller.tenantId, target.id)), 202)
    },
  )

/** The form has one field for each method: what goes with another is left out. */
function wayAsked(form: URLSearchParams): unknown {
  const method = form.get('method')
  return {
    method,
    ...(method === 'http' && form.get('port') ? { port: Number(form.get('port')) } : {}),
    ...(method === 'reverse_dns' && form.get('domain') ? { domain: form.get('domain')?.trim() } : {}),
  }
}

async function targetOf({ db }: World, tenantId: string, id: string): Promise<Target> {
  const target = await readTarget(db, tenantId, id)
  if (!target) throw new Failure('not_found', 'There is no target with that id.')
  return target
}

/** A letter holds for a year at most: people and owners change. */
const LONGEST_MS = 366 * 86_400_000

export const letterRoutes = new Hono<AppEnv>()
  .use(operator)
  .get(
    '/',
    describe({ tag: TAG, does: 'List letters, revoked ones too', answer: pageOf(LetterAnswer) }),
    allow('admin'),
    async (c) => c.json({ items: (await listLetters(c.var.world.db)).map(letterAnswer), nextCursor: null }),
  )
  .post(
    '/',
    describe({
      tag: TAG,
      does: 'Enter a signed letter by which the holder of a range lets a tenant scan it',
      body: LetterBody,
      answer: LetterAnswer,
      status: 201,
    }),
    allow('admin'),
    async (c) => {
      const { db, now } = c.var.world
      const body = await bodyOrForm(c, LetterBody, letterIn)
      const signedAt = Date.parse(body.signedAt)
      const expiresAt = Date.parse(body.expiresAt)
      if (signedAt > now) throw badField('invalid', 'signedAt', 'must not lie ahead')
      if (expiresAt <= now || expiresAt > signedAt + LONGEST_MS)
        throw badField('invalid', 'expiresAt', 'must lie ahead, and within a year of the signature')
      if (!(await tenantExists(db, body.tenantId))) throw badField('invalid', 'tenantId', 'there is no such tenant')
      const letter: Letter = {
        tenantId: body.tenantId,
        id: newId('ltr'),
        cidr: canonical(body.cidr),
        signedBy: body.signedBy,
        signedAt,
        expiresAt,
        sha256: body.sha256,
        note: body.note ?? null,
        enteredBy: c.var.caller.keyId,
        createdAt: now,
        revokedAt: null,
      }
      await addLetter(db, letter)
      return c.json(letterAnswer(letter), 201)
    },
  )
  .delete(
    '/:id',
    describe({ tag: TAG, does: 'Revoke a letter; what runs on its strength alone stops', status: 204 }),
    allow('admin'),
    async (c) => {
      const letter = await revokeLetter(c.var.world.db, c.req.param('id'), c.var.world.now)
      if (!letter) throw new Failure('not_found', 'There is no letter with that id.')
      await withdrawFrom(c.var.world, letter.tenantId, letter.cidr)
      return c.body(null, 204)
    },
  )

function canonical(text: string): string {
  const cidr = parseCidr(text)
  if (cidr) return cidr.text
  const address = parseAddress(text)
  return address ? `${address.text}/${address.family === 4 ? 32 : 128}` : text
}

export const letterAnswer = ({ signedAt, expiresAt, createdAt, revokedAt, ...row }: Letter): LetterAnswer => ({
  ...row,
  signedAt: iso(signedAt),
  expiresAt: iso(expiresAt),
  createdAt: iso(createdAt),
  revokedAt: maybeIso(revokedAt),
})
