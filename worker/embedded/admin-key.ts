import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isKey, makeKey } from '../../schema/key.ts'

/**
 * The admin key of this data folder, from `DIR/admin.key`; written at the first start, readable by its owner alone.
 * @throws when the file holds something that is not a key
 */
export async function adminKey(directory: string): Promise<string> {
  const path = join(directory, 'admin.key')
  try {
    await writeFile(path, `${makeKey((count) => randomBytes(count))}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const key = (await readFile(path, 'utf8')).trim()
  if (!isKey(key))
    throw new Error(`${path} does not hold a key: its checksum is wrong. Delete it to have a new one made.`)
  return key
}

/**
 * The key that seals the secrets of channels, from `DIR/channel.key`; written at the first start, readable by its owner
 * alone. To change it, put a new `id:base64` of 32 bytes and a comma before the old one; a minute later the old one may go.
 * @throws when the file holds something else
 */
export async function channelKey(directory: string): Promise<string> {
  const path = join(directory, 'channel.key')
  try {
    await writeFile(path, `k1:${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const key = (await readFile(path, 'utf8')).trim()
  if (!key.split(',').every((one) => /^\s*[\w.-]{1,40}:[A-Za-z0-9+/]{43}=\s*$/.test(one)))
    throw new Error(
      `${path} does not hold keys such as k1:… with 32 bytes in base64. Channels cannot be opened without it.`,
    )
  return key
}
