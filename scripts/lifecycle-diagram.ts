import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { isTerminal, MOVES, TASK_STATUSES } from '../src/core/lifecycle.js'

const PAGE = 'docs/architecture.md'
const MARKED = /(<!-- lifecycle:start -->\n)[^]*(<!-- lifecycle:end -->)/

/** The diagram of a task's statuses, from the table that `transition()` obeys. */
export function lifecycleDiagram(): string {
  const moves = TASK_STATUSES.flatMap((from) => MOVES[from].map((to) => `  ${from} --> ${to}`))
  const ends = TASK_STATUSES.filter(isTerminal).map((status) => `  ${status} --> [*]`)
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> pending', ...moves, ...ends, '```', ''].join('\n')
}

/** The page with the diagram as it should be. */
export const withDiagram = (page: string): string => page.replace(MARKED, `$1\n${lifecycleDiagram()}\n$2`)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(PAGE, withDiagram(readFileSync(PAGE, 'utf8')))
}
