import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'

const PAGE = new URL('../../docs/reliability.md', import.meta.url)

/** A table in Markdown; all columns but the first hold numbers. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')

/** Puts each section between its markers in `docs/reliability.md`; the others stay as they are. */
export async function writeSections(sections: Readonly<Record<string, string>>): Promise<void> {
  let page = readFileSync(PAGE, 'utf8')
  for (const [name, section] of Object.entries(sections)) {
    const markers = new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`)
    if (!markers.test(page)) throw new Error(`docs/reliability.md has no place for '${name}'`)
    page = page.replace(markers, (_, begin: string, end: string) => `${begin}\n${section}\n\n${end}`)
  }
  writeFileSync(PAGE, await format(page, { ...(await resolveConfig(PAGE)), parser: 'markdown' }))
}
