import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Options } from 'tsup'

type Plugin = NonNullable<Options['plugins']>[number]

interface SourceMap {
  file?: string
  sources: string[]
}

/** The CommonJS step of tsup names each file by its absolute path in its map: this makes those names relative. */
export const relativeSourceMaps: Plugin = {
  name: 'relative-source-maps',
  buildEnd({ writtenFiles }) {
    for (const { name } of writtenFiles.filter((file) => file.name.endsWith('.cjs.map'))) {
      const map = JSON.parse(readFileSync(name, 'utf8')) as SourceMap
      const { file } = map
      if (file === undefined) continue
      map.sources = map.sources.map((source) => (source === file ? basename(file) : source))
      map.file = basename(file)
      writeFileSync(name, JSON.stringify(map))
    }
  },
}
