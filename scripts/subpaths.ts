/** The conditions of one subpath: one ES module for `import` and `require` alike where Node can, CommonJS elsewhere. */
const conditions = (file: string) => {
  const module = { types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` }
  const commonjs = { types: `./dist/${file}.d.cts`, default: `./dist/${file}.cjs` }
  return { 'module-sync': module, import: module, require: commonjs }
}

const subpathOf = (key: string) => (key === 'index' ? '.' : `./${key}`)

/** The `exports` of package.json that belong to the entry table of tsup.config.ts. */
export const exportsOf = (entry: Record<string, string>) => ({
  ...Object.fromEntries(Object.keys(entry).map((key) => [subpathOf(key), conditions(key)])),
  './package.json': './package.json',
})

/** The same for TypeScript's old `moduleResolution: node10`. A `*` key would break the root. */
export const typesVersionsOf = (entry: Record<string, string>) => {
  const keys = Object.keys(entry).filter((key) => key !== 'index')
  return { '*': Object.fromEntries(keys.map((key) => [key, [`./dist/${key}.d.ts`]])) }
}
