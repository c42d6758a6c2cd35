import { defineConfig, type Options } from 'tsup'
import { relativeSourceMaps } from './scripts/relative-source-maps.js'

/** The subpaths of the package: `index` is its root, any other key is `taskward/<key>` and becomes `dist/<key>.js`. */
export const entry: Record<string, string> = {
  index: 'src/index.ts',
  schemas: 'src/schemas.ts',
  testing: 'src/testing/index.ts',
  'store-kit': 'src/store-kit.ts',
  'stores/file': 'src/stores/file.ts',
  'stores/sqlite': 'src/stores/sqlite.ts',
  'stores/postgres': 'src/stores/postgres.ts',
  'stores/redis': 'src/stores/redis.ts',
}

const common: Options = {
  entry,
  target: 'node20',
  sourcemap: true,
  removeNodeProtocol: false,
  // Without splitting, the CommonJS build calls the default export of p-queue through the wrong interop and throws.
  splitting: true,
  // tsup passes a `baseUrl` of its own to TypeScript, which TypeScript 6 refuses unless told otherwise.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
}

export default defineConfig([
  { ...common, format: 'esm' },
  // p-queue and p-timeout are ESM only, and `require` of ESM is not to be had in every CommonJS loader (Jest on Node 20).
  { ...common, format: 'cjs', shims: true, noExternal: ['p-queue', 'p-timeout'], plugins: [relativeSourceMaps] },
])
