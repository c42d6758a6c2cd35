import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { filesOf } from './find-packages.js'
import { checkManifest, readManifest } from './manifest.js'

export interface PackageAudit {
  name: string
  version: string
  license: string | null
  files: number
  bytes: number
  /** SHA-256 over the path and the content of every file, in the order of their paths. */
  hash: string
}

/** Does the work of one task. Stops soon after `signal` aborts, by rejecting. */
export async function auditPackage(directory: string, signal: AbortSignal): Promise<PackageAudit> {
  const { name, version, license } = checkManifest(await readManifest(directory, signal))
  const hash = createHash('sha256')
  let files = 0
  let bytes = 0
  for await (const [path, entry] of filesOf(directory, signal)) {
    signal.throwIfAborted()
    const file = join(directory, path)
    if (entry.isSymbolicLink()) {
      hash.update(JSON.stringify([path, 'link', await readlink(file)]))
      continue
    }
    const content = await hashFile(file, signal)
    hash.update(JSON.stringify([path, 'file', content.hash]))
    files += 1
    bytes += content.bytes
  }
  return {
    name,
    version,
    license: (typeof license === 'object' ? license.type : license) ?? null,
    files,
    bytes,
    hash: hash.digest('hex'),
  }
}

async function hashFile(file: string, signal: AbortSignal): Promise<{ hash: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(file, { signal }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { hash: hash.digest('hex'), bytes }
}
