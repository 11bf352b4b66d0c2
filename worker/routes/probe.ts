/** The probe's side: enrol, lease, renew, alarm, result, the doorbell, and what its doctor asks. */
import { type Context, Hono } from 'hono'
import type { GenericSchema, InferOutput } from 'valibot'
import { parseAddress } from '../../schema/address.ts'
import { CheckRequest, HelloRequest } from '../../schema/checkup.ts'
import { newId } from '../../schema/ids.ts'
import { ROTATION_MS, RotateRequest, rotationText } from '../../schema/rotation.ts'
import {
  AlarmRequest,
  EnrolRequest,
  LeaseRequest,
  RenewRequest,
  ResultRequest,
  WIRE_VERSION,
} from '../../schema/wire.ts'
import { doorbell, tell } from '../bell.ts'
import { checkup, hello } from '../checkup.ts'
import type { AppEnv } from '../context.ts'
import { badField, Failure } from '../failure.ts'
import { lease, take } from '../flow.ts'
import { auditAs } from '../guards/audit.ts'
import { bytesOf, jsonOf, shaped } from '../guards/limit.ts'
import { clientAddress, isSignedBy, keyFrom, signed } from '../guards/probe.ts'
import { sha256 } from '../secrets.ts'
import { enrol, readEnrolment } from '../store/enrolments.ts'
import { OPERATOR } from '../store/keys.ts'
import { rotateKey } from '../store/probes.ts'

const ENROL_BYTES = 8 * 1024

export const probeRoutes = new Hono<AppEnv>()
  .post('/enrol', async (c) => {
    const { db: plain, now } = c.var.world
    const message = jsonOf(c.req.raw, await bytesOf(c.req.raw, ENROL_BYTES))
    speaksOurs(message)
    const { token, publicKey, sourceAddress, allowPrivate, agent } = shaped(EnrolRequest, message)
    const source = parseAddress(sourceAddress)?.text
    if (!source) throw badField('invalid', 'sourceAddress', 'must be an IP address')
    const hash = await sha256(token)
    const enrolment = await readEnrolment(plain, hash, now)
    if (!enrolment) throw new Failure('unauthorized', 'This token is unknown, used or too old.')
    if (enrolment.sourceAddress !== source || clientAddress(c) !== source)
      throw new Failure(
        'unauthorized',
        `This token is for ${enrolment.sourceAddress}; the request came from ${clientAddress(c) || 'an unknown address'}.`,
      )
    const { site, country, provider, asn } = enrolment
    const probeId = newId('prb')
    const probe = {
      tenantId: OPERATOR,
      id: probeId,
      site,
      sourceAddress: source,
      country,
      provider,
      asn,
      publicKey,
      agent,
      allowPrivate: allowPrivate ? 1 : 0,
      enrolledAt: now,
      seenAt: now,
    }
    const { db } = auditAs(c, OPERATOR, `token:${hash.slice(0, 12)}`, JSON.stringify({ probeId, publicKey }))
    if (!(await enrol(db, hash, probe))) throw new Failure('unauthorized', 'This token was just used.')
    return c.json({ probeId, site, sourceAddress: source, now })
  })
  .post('/check', async (c) => {
    const { token } = shaped(CheckRequest, jsonOf(c.req.raw, await bytesOf(c.req.raw, ENROL_BYTES)))
    return c.json(await checkup(c.var.world, clientAddress(c), token))
  })
  .use(signed)
  .post('/hello', async (c) => {
    shaped(HelloRequest, c.var.message)
    return c.json(await hello(c.var.world, c.var.probe))
  })
  .post('/lease', async (c) => {
    speaksOurs(c.var.message)
    const publicUrl = c.env.PUBLIC_URL ?? new URL(c.req.url).origin
    const signer = { ...c.var.probe, publicKey: c.var.usedKey }
    return c.json(await lease(c.var.world, signer, shaped(LeaseRequest, c.var.message), c.var.signedAt, publicUrl))
  })
  .post('/renew', async (c) => {
    const report = message(c, RenewRequest)
    const answer = await take.renewal(c.var.world, c.var.probe, report)
    // Only a scan run tells how far it is: the line has refused these words from any other.
    if (report.phase || report.progress) {
      const live = { phase: report.phase ?? null, progress: report.progress ?? null, at: c.var.world.now }
      c.executionCtx.waitUntil(tell(c.env, `scn_${report.runId.slice(4, 24)}`, live))
    }
    return c.json(answer)
  })
  .post('/alarm', async (c) => {
    await take.alarm(c.var.world, c.var.probe, message(c, AlarmRequest))
    return c.json({ now: c.var.world.now, accepted: true })
  })
  .post('/result', async (c) => {
    const outcome = await take.result(c.var.world, c.var.probe, message(c, ResultRequest), c.var.digest)
    return c.json({ now: c.var.world.now, outcome })
  })
  .post('/rotate', async (c) => {
    speaksOurs(c.var.message)
    const { probe, usedKey, digest, world } = c.var
    const { publicKey, proof } = message(c, RotateRequest)
    const key = await keyFrom(publicKey).catch(() => null)
    if (!key || !(await isSignedBy(key, proof, rotationText(probe.id, publicKey))))
      throw badField('invalid', 'proof', 'must be made with the new key')
    if (publicKey === usedKey) throw badField('invalid', 'publicKey', 'must be a new key')
    const { db } = auditAs(c, OPERATOR, `probe:${probe.id}`, digest)
    const oldUntil = world.now + ROTATION_MS
    const rotated = await rotateKey(db, probe.id, { old: usedKey, next: publicKey, oldUntil })
    if (!rotated) throw new Failure('conflict', 'The key was changed otherwise meanwhile.')
    return c.json({ now: world.now, oldKeyUntil: rotated.oldKeyUntil ?? oldUntil })
  })
  .get('/doorbell', async (c) => {
    if (c.req.header('upgrade') !== 'websocket') throw new Failure('upgrade_required', 'The doorbell is a WebSocket.')
    const url = new URL(`https://doorbell/?probe=${c.var.probe.id}`)
    return doorbell(c.env).fetch(url, { headers: { upgrade: 'websocket' } })
  })

const message = <T extends GenericSchema>(c: Context<AppEnv>, shape: T): InferOutput<T> => shaped(shape, c.var.message)

/** An old probe is told to upgrade before its message is held against today's shapes. */
function speaksOurs(body: unknown): void {
  const wire = (body as { wire?: unknown } | null)?.wire
  if (typeof wire === 'number' && wire !== WIRE_VERSION)
    throw new Failure('upgrade_required', `This Worker speaks version ${WIRE_VERSION} of the protocol.`, [], {
      wire: WIRE_VERSION,
    })
}
