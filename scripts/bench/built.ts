import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = new URL('../../', import.meta.url)
const urlOf = (path: string): string => new URL(path, ROOT).href
const pathOf = (path: string): string => fileURLToPath(new URL(path, ROOT))

/** What users of the package run. */
export const BUILT = urlOf('dist/index.js')
export const BUILT_SQLITE = urlOf('dist/stores/sqlite.js')

/** Builds the package unless what is there is newer than all that it is made from. */
export function buildPackage(): void {
  const sources = readdirSync(pathOf('src'), { recursive: true, encoding: 'utf8' }).map((file) => `src/${file}`)
  const newest = Math.max(...[...sources, 'tsup.config.ts'].map((path) => modifiedAt(urlOf(path))))
  if (Math.min(modifiedAt(BUILT), modifiedAt(BUILT_SQLITE)) > newest) return
  console.log('building the package …')
  const { status } = spawnSync('npm', ['run', '--silent', 'build', '--', '--silent'], { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) throw new Error('the package could not be built')
}

/** 0 for a file that is not there. */
const modifiedAt = (url: string): number => statSync(new URL(url), { throwIfNoEntry: false })?.mtimeMs ?? 0

/**
 * A script as plain JavaScript, so that the process that measures has no loader: tsx slows closures and stacks down. It lies
 * where its imports of packages are found. Gives its path.
 */
export async function compileScript(source: URL, name: string): Promise<string> {
  const outfile = pathOf(`node_modules/.cache/taskward-bench/${name}.mjs`)
  await build({
    ...{ entryPoints: [fileURLToPath(source)], outfile, logLevel: 'error' },
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external' },
  })
  return outfile
}
