/** The two doors: requests and the clock. */
import { app } from './app.ts'
import type { Env } from './env.ts'
import { plan, send } from './flow.ts'
import { worldOf } from './world.ts'

export { Doorbell } from './objects/doorbell.ts'

export default {
  fetch: app.fetch,
  /** Once a minute. A tick that is missed, late or doubled changes nothing: what is due is in the database. */
  async scheduled(controller, env, ctx) {
    const world = worldOf(env, Math.max(controller.scheduledTime, Date.now()), (work) => ctx.waitUntil(work))
    // Whoever is told is no reason for a scan to wait, nor the other way round.
    await Promise.all([plan(world), send(world)])
  },
} satisfies ExportedHandler<Env>
