/** Anybody's receiver: the official Standard Webhooks library says whether the signature is good, the published shapes the body. */

import { Webhook } from 'standardwebhooks'
import * as v from 'valibot'
import { AnyEvent } from '../../../schema/events.ts'
import { jsonReply, must, type Platform, readJson, refusalOf } from './platform.ts'

export const HMAC_KEY = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

export function webhook(): Platform {
  const hook = new Webhook(HMAC_KEY)
  return {
    path: '/hooks/portwitness',
    secrets: [HMAC_KEY],
    take(sent) {
      if (sent.body.length > 64 * 1024) return jsonReply(413, { error: 'too large' })
      try {
        hook.verify(sent.body.toString('utf8'), sent.headers)
      } catch {
        return jsonReply(401, { error: 'bad signature' })
      }
      const why = refusalOf(() => {
        const event = v.safeParse(AnyEvent, readJson(sent))
        must(event.success, event.issues?.[0].message ?? '')
        for (const link of Object.values(event.output.data.links)) must(link === null || URL.canParse(link), 'a link')
      })
      return why === null ? { status: 204, headers: {}, body: '' } : jsonReply(422, { error: why })
    },
  }
}
