import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Who this probe is. The private key never leaves the data directory. */
export interface Identity {
  /** when its key was made; null when nobody knows */
  madeAt: number | null
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
  /** when the key was made, ms; of files from before it was written down, never */
  madeAt?: number
  /** a key that is on its way to the Worker */
  next?: { privateKey: string; publicKey: string; madeAt: number }
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
  const kept: Kept = { probeId: null, ...newKey() }
  await keep(dataDir, kept)
  return identityOf(kept)
}

function newKey(): { privateKey: string; publicKey: string; madeAt: number } {
  const pair = generateKeyPairSync('ed25519')
  return {
    privateKey: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicKey: rawPublicKey(pair.publicKey),
    madeAt: Date.now(),
  }
}

/**
 * The key that is to follow ours: kept before anybody hears of it, and the same again after a crash. The Worker believes both
 * for a day, so that whichever of the two is on disk, one of them opens.
 */
export async function nextIdentity(dataDir: string): Promise<Identity> {
  const kept = await readKept(dataDir)
  const next = kept.next ?? newKey()
  if (!kept.next) await keep(dataDir, { ...kept, next })
  return identityOf({ probeId: kept.probeId, ...next })
}

/** The Worker knows the next key: it is ours from now on. */
export async function takeNext(dataDir: string): Promise<Identity> {
  const { probeId, next, ...own } = await readKept(dataDir)
  const kept: Kept = { probeId, ...(next ?? own) }
  await keep(dataDir, kept)
  return identityOf(kept)
}

const readKept = async (dataDir: string): Promise<Kept> => JSON.parse(await readFile(fileIn(dataDir), 'utf8')) as Kept

/** Writes down which probe we are, once the Worker has said so. */
export async function keepProbeId(dataDir: string, probeId: string): Promise<Identity> {
  const kept = { ...(await readKept(dataDir)), probeId }
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

function identityOf({ probeId, privateKey, publicKey, madeAt }: Kept): Identity {
  const key = createPrivateKey(privateKey)
  return {
    madeAt: madeAt ?? null,
    probeId,
    publicKey,
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64'),
  }
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
