import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Who this probe is. The private key never leaves the data directory. */
export interface Identity {
  /** null until the Worker has enrolled it */
  probeId: string | null
  /** Ed25519, raw 32 bytes, base64 */
  publicKey: string
  /** Ed25519 over the text, base64 */
  sign(text: string): string
}

interface Kept {
  probeId: string | null
  privateKey: string
  publicKey: string
}

/**
 * Reads the identity in `dataDir`, or makes one. The key is on disk before it is shown to the Worker: a process that
 * is killed between enrolment and writing would otherwise have spent its one-use token for nothing.
 */
export async function loadIdentity(dataDir: string): Promise<Identity> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const text = await readFile(fileIn(dataDir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text !== null) {
    await chmod(fileIn(dataDir), 0o600)
    return identityOf(JSON.parse(text) as Kept)
  }
  const pair = generateKeyPairSync('ed25519')
  const kept: Kept = {
    probeId: null,
    privateKey: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicKey: rawPublicKey(pair.publicKey),
  }
  await keep(dataDir, kept)
  return identityOf(kept)
}

/** Writes down which probe we are, once the Worker has said so. */
export async function keepProbeId(dataDir: string, probeId: string): Promise<Identity> {
  const kept = { ...(JSON.parse(await readFile(fileIn(dataDir), 'utf8')) as Kept), probeId }
  await keep(dataDir, kept)
  return identityOf(kept)
}

/** The identity as it lies there, for looking alone: nothing is made and nothing mended. Null when there is none. */
export async function readIdentity(dataDir: string): Promise<{ identity: Identity; mode: number } | null> {
  try {
    const text = await readFile(fileIn(dataDir), 'utf8')
    return { identity: identityOf(JSON.parse(text) as Kept), mode: (await stat(fileIn(dataDir))).mode & 0o777 }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

const fileIn = (dataDir: string) => join(dataDir, 'probe.json')

const rawPublicKey = (key: KeyObject): string =>
  Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url').toString('base64')

function identityOf({ probeId, privateKey, publicKey }: Kept): Identity {
  const key = createPrivateKey(privateKey)
  return { probeId, publicKey, sign: (text) => sign(null, Buffer.from(text), key).toString('base64') }
}

/** Whole or not at all: written beside, flushed, then renamed. */
async function keep(dataDir: string, kept: Kept): Promise<void> {
  const beside = `${fileIn(dataDir)}.new`
  const file = await open(beside, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(kept)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, fileIn(dataDir))
}
