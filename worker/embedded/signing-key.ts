import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The Ed25519 secret that signs the published ranges, from `DIR/ranges.key` (PKCS #8, PEM); made at the first start, readable by
 * its owner alone.
 * @throws when the file holds something else
 */
export async function signingKey(directory: string): Promise<string> {
  const path = join(directory, 'ranges.key')
  const { privateKey } = generateKeyPairSync('ed25519')
  try {
    await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const pem = await readFile(path, 'utf8')
  if (!isEd25519(pem)) throw new Error(`${path} does not hold an Ed25519 key. Delete it to have a new one made.`)
  return pem
}

function isEd25519(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'ed25519'
  } catch {
    return false
  }
}
