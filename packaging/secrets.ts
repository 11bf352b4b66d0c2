/**
 * `npm run --silent make:secrets`: what a new Worker needs to be told, as the JSON that `wrangler secret bulk` reads. Made here, by the
 * system's random numbers, and written to stdout alone.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { makeKey } from '../schema/key.ts'

const { privateKey } = generateKeyPairSync('ed25519')
const secrets = {
  /** an admin key of the operator, until he has made one of his own */
  BOOTSTRAP_KEY: makeKey((count) => randomBytes(count)),
  CHANNEL_KEY: `k1:${randomBytes(32).toString('base64')}`,
  RANGE_SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
}
process.stdout.write(`${JSON.stringify(secrets, null, 2)}\n`)
