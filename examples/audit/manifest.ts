import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

export const MANIFEST = 'package.json'
const MAX_BYTES = 16 * 1024 * 1024

const manifestSchema = z.object({
  name: z.string().min(1).max(214),
  version: z.string().regex(/^\d+\.\d+\.\d+([-+]|$)/, 'expected a version such as 1.2.3'),
  type: z.enum(['module', 'commonjs']).optional(),
  license: z.union([z.string(), z.object({ type: z.string() })]).optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
})

export type Manifest = z.infer<typeof manifestSchema>

/** What is wrong with a manifest that could be read. Its `code` is what the summary groups by. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError'
  readonly code: 'MANIFEST_NOT_A_FILE' | 'MANIFEST_TOO_LARGE' | 'MANIFEST_MALFORMED' | 'MANIFEST_INVALID'

  constructor(code: ManifestError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * Reads the package.json of a directory as JSON, whatever it says.
 *
 * @throws ManifestError, or what the file system threw
 */
export async function readManifest(directory: string, signal: AbortSignal): Promise<unknown> {
  const file = join(directory, MANIFEST)
  const stats = await stat(file)
  // Reading a pipe or a device could wait for ever, and no signal would end that.
  if (!stats.isFile()) throw new ManifestError('MANIFEST_NOT_A_FILE', `${MANIFEST} is no regular file`)
  if (stats.size > MAX_BYTES) throw new ManifestError('MANIFEST_TOO_LARGE', `${MANIFEST} has ${stats.size} bytes`)
  const text = await readFile(file, { encoding: 'utf8', signal })
  try {
    // A byte order mark is no JSON, but npm takes it.
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ManifestError('MANIFEST_MALFORMED', `${MANIFEST} is no JSON: ${why}`, { cause: error })
  }
}

/** @throws ManifestError `MANIFEST_INVALID`, with every field that is missing or wrong */
export function checkManifest(manifest: unknown): Manifest {
  const { success, data, error } = manifestSchema.safeParse(manifest)
  if (success) return data
  const issues = error.issues.map(({ path, message }) => `${path.join('.') || MANIFEST}: ${message}`)
  throw new ManifestError('MANIFEST_INVALID', issues.join('; '))
}

/** Whether a manifest only sets how Node reads the files around it, as `{ "type": "module" }` does, and names no package. */
export const isMarker = (manifest: unknown): boolean =>
  typeof manifest === 'object' &&
  manifest !== null &&
  !Array.isArray(manifest) &&
  !('name' in manifest) &&
  !('version' in manifest)
