import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isMarker, MANIFEST, readManifest } from './manifest.js'

/** Folders that are part of no package: what it depends on, and its past. */
const OUTSIDE = new Set(['node_modules', '.git'])

/**
 * Walks the tree under `root` and gives the directory of each package as it is found, in a stable order. Follows no symbolic
 * link, so a loop of them is harmless. A directory that cannot be read is handed to `onUnreadable`, and the walk goes on.
 *
 * A package is whatever `node_modules` holds, and any other directory with a package.json that names one.
 */
export async function* findPackages(
  root: string,
  signal: AbortSignal,
  onUnreadable: (directory: string, reading: Promise<unknown>) => void,
): AsyncGenerator<string> {
  const stack = [root]
  for (let directory = stack.pop(); directory !== undefined; directory = stack.pop()) {
    signal.throwIfAborted()
    const installed = isInstalled(directory)
    if (installed) yield directory
    const reading = readEntries(directory)
    try {
      const entries = await reading
      if (!installed && (await startsPackage(directory, entries, signal))) yield directory
      const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== '.git')
      for (const { name } of folders.reverse()) stack.push(join(directory, name))
    } catch {
      signal.throwIfAborted()
      // The audit of an installed package meets the same error and records it.
      if (!installed) onUnreadable(directory, reading)
    }
  }
}

/**
 * Gives every file and symbolic link of one package, in a stable order. Neither its dependencies nor the packages it carries
 * (test fixtures, workspaces) are part of it, so every file under a root belongs to one package at most.
 */
export async function* filesOf(
  directory: string,
  signal: AbortSignal,
  inner = '',
): AsyncGenerator<[path: string, entry: Dirent]> {
  const entries = await readEntries(join(directory, inner))
  if (inner !== '' && (await startsPackage(join(directory, inner), entries, signal))) return
  for (const entry of entries) {
    const path = inner === '' ? entry.name : `${inner}/${entry.name}`
    if (entry.isFile() || entry.isSymbolicLink()) yield [path, entry]
    else if (entry.isDirectory() && !OUTSIDE.has(entry.name)) yield* filesOf(directory, signal, path)
  }
}

const readEntries = async (directory: string): Promise<Dirent[]> => {
  const entries = await readdir(directory, { withFileTypes: true })
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** `node_modules/name` and `node_modules/@scope/name`, but not the folders that package managers keep there for themselves. */
function isInstalled(directory: string): boolean {
  const parent = dirname(directory)
  if (/^[.@]/.test(basename(directory))) return false
  return (
    basename(parent) === 'node_modules' ||
    (basename(parent).startsWith('@') && basename(dirname(parent)) === 'node_modules')
  )
}

async function startsPackage(directory: string, entries: Dirent[], signal: AbortSignal): Promise<boolean> {
  if (!entries.some(({ name }) => name === MANIFEST)) return false
  try {
    return !isMarker(await readManifest(directory, signal))
  } catch {
    signal.throwIfAborted()
    // One that cannot be read or parsed is a package, so that its audit fails and says why.
    return true
  }
}
