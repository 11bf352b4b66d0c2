/**
 * The Worker as it is, over a D1 and an R2 that fail as told. `PUT /__ails` says how; `GET /__ails` how often they did;
 * `POST /__abort` ends the doorbell's object with all its sockets; `POST /__tick?now=MS` is cron at that time.
 */
import type { Env } from '../../../worker/env.ts'
import { plan, send } from '../../../worker/flow.ts'
import worker, { Doorbell as Whole } from '../../../worker/index.ts'
import { worldOf } from '../../../worker/world.ts'
import type { Ailments } from './ailments.ts'
import { faultyD1, faultyR2 } from './faulty-d1.ts'

export class Doorbell extends Whole {
  abort(): void {
    this.ctx.abort('told to')
  }
  sockets(): number {
    return this.ctx.getWebSockets().length
  }
}

let ailments: Ailments = { db: null, raw: null }
const hits = { db: 0, raw: 0 }

const over = (env: Env): Env => ({
  ...env,
  DB: faultyD1(
    env.DB,
    () => ailments.db,
    () => hits.db++,
  ),
  RAW: faultyR2(
    env.RAW,
    () => ailments.raw,
    () => hits.raw++,
  ),
})

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url)
    const hall = () => env.DOORBELL.get(env.DOORBELL.idFromName('hall-1')) as unknown as DurableObjectStub<Doorbell>
    switch (pathname) {
      case '/__ails':
        if (request.method === 'PUT') ailments = await request.json()
        return Response.json(hits)
      case '/__abort':
        await hall()
          .abort()
          .catch(() => undefined)
        return new Response('')
      case '/__sockets':
        return Response.json(await hall().sockets())
      case '/__tick': {
        const world = worldOf(over(env), Number(searchParams.get('now')), (work) => ctx.waitUntil(work))
        await Promise.all([plan(world), send(world)])
        return new Response('')
      }
      default:
        return worker.fetch(request, over(env), ctx)
    }
  },
} satisfies ExportedHandler<Env>
