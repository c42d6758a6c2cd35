import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exportsOf, typesVersionsOf } from '../scripts/subpaths.js'
import { entry } from '../tsup.config.js'

interface Package {
  exports: Record<string, unknown>
  typesVersions: unknown
  dependencies: Record<string, string>
}

const read = <T>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as T
const manifest = read<Package>('package.json')
const lock = read<{ packages: Record<string, { resolved?: string }> }>('package-lock.json')

describe('package.json', () => {
  it('exports the entries of tsup.config.ts and nothing else (npm run exports writes them)', () => {
    expect(manifest.exports).toEqual(exportsOf(entry))
    expect(manifest.typesVersions).toEqual(typesVersionsOf(entry))
    expect(read<{ entryPoints: string[] }>('typedoc.json').entryPoints).toEqual(Object.values(entry))
  })

  it.each(Object.entries(entry))('finds the source of %s', (_, file) => {
    expect(existsSync(file)).toBe(true)
  })

  it('names the ES module before CommonJS, so that import and require share one', () => {
    expect(Object.keys(manifest.exports['.'] ?? {})).toEqual(['module-sync', 'import', 'require'])
  })

  it('needs three packages at run time', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['eventemitter3', 'p-queue', 'zod'])
  })
})

describe('package-lock.json', () => {
  it('names no registry', () => {
    expect(Object.values(lock.packages).filter(({ resolved }) => resolved !== undefined)).toEqual([])
  })

  it('has each platform of rollup', () => {
    const names = Object.keys(lock.packages)
    expect(names.filter((name) => name.startsWith('node_modules/@rollup/rollup-')).length).toBeGreaterThanOrEqual(25)
  })
})

describe('.ci/run', () => {
  it('runs the test command of the README', () => {
    expect(readFileSync('README.md', 'utf8')).toContain('npm ci && npm test')
    expect(readFileSync('.ci/run', 'utf8')).toContain('npm ci && npm test')
  })
})
