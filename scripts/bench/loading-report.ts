import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'
import { table } from '../bench-stores/page.js'
import { BUILT } from './built.js'
import type { Plan, Report } from './report.js'
import { factor, inRounds, ratios, spread, whole, type Figures } from './rounds.js'

/** An import takes milliseconds, so that more rounds cost nothing. */
const ROUNDS_FOR_ONE = 5

const MODULES = {
  'p-queue': import.meta.resolve('p-queue'),
  'taskward, the root': BUILT,
  zod: import.meta.resolve('zod'),
} as const

/** What the root costs to import, and how large it is. */
export async function reportLoading({ rounds }: Plan): Promise<Report> {
  const times = await inRounds(
    Object.keys(MODULES) as (keyof typeof MODULES)[],
    rounds * ROUNDS_FOR_ONE,
    async (name) => importMs(MODULES[name]),
  )
  const queue = times.get('p-queue')!
  const against = (name: keyof typeof MODULES): Figures => ratios(times.get(name)!, queue)
  const timeTable = table(
    ['import, in a fresh process', 'ms', 'against p-queue'],
    [...times].map(([name, figures]) => [name, spread(figures, (ms) => ms.toFixed(1)), spread(against(name), factor)]),
  )

  const external = Object.keys(peers)
  const [core, own] = [await compressedBytes(['zod', ...external]), await compressedBytes(['*'])]
  const sizeTable = table(
    ['the root entry, minified', 'bytes in brotli'],
    [
      ['with p-queue and eventemitter3, without zod', whole(core)],
      ["taskward's own code alone", whole(own)],
    ],
  )
  return {
    text: `${timeTable}\n\n${sizeTable}`,
    targets: [
      { what: 'import of the root, against importing p-queue alone', limit: 2, figures: against('taskward, the root') },
      { what: 'the root without zod, in brotli', limit: 20, unit: ' kB', figures: [core / 1_000] },
    ],
  }
}

const { peerDependencies: peers } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { peerDependencies: Record<string, string> }

/** As a program of one import would take it: without a loader, and with Node's own modules as it finds them. */
function importMs(url: string): number {
  const program = `const start = performance.now()
    await import(${JSON.stringify(url)})
    process.stdout.write(String(performance.now() - start))`
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' }))
}

async function compressedBytes(external: readonly string[]): Promise<number> {
  const packages = external.includes('*')
  const { outputFiles } = await build({
    ...{ entryPoints: [fileURLToPath(BUILT)], bundle: true, minify: true, write: false, logLevel: 'error' },
    ...{ format: 'esm', platform: 'node', target: 'node20' },
    ...(packages ? { packages: 'external' } : { external: [...external] }),
  })
  return brotliCompressSync(outputFiles[0]!.contents).length
}
