import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'

const RELIABILITY = new URL('../../docs/reliability.md', import.meta.url)

/** A table in Markdown; all columns but the first hold numbers. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')

/** Puts each section between its markers in the page; the others stay as they are. @throws where it has no place for one */
export async function writeSections(sections: Readonly<Record<string, string>>, file = RELIABILITY): Promise<void> {
  let page = readFileSync(file, 'utf8')
  for (const [name, section] of Object.entries(sections)) {
    const markers = new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`)
    if (!markers.test(page)) throw new Error(`${file.pathname} has no place for '${name}'`)
    page = page.replace(markers, (_, begin: string, end: string) => `${begin}\n${section}\n\n${end}`)
  }
  writeFileSync(file, await format(page, { ...(await resolveConfig(file)), parser: 'markdown' }))
}
