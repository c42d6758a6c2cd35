// Writes `exports` and `typesVersions` of package.json and the entry points of typedoc.json from the entry table.
import { readFileSync, writeFileSync } from 'node:fs'
import { entry } from '../tsup.config.js'
import { exportsOf, typesVersionsOf } from './subpaths.js'

const update = (file: string, change: object) => {
  const content = JSON.parse(readFileSync(file, 'utf8')) as object
  writeFileSync(file, `${JSON.stringify({ ...content, ...change }, null, 2)}\n`)
}

update('package.json', { exports: exportsOf(entry), typesVersions: typesVersionsOf(entry) })
update('typedoc.json', { entryPoints: Object.values(entry) })
