import { formatStatus, type SupervisorStatus } from 'taskward'
import { formatBytes, formatCount, formatMs, kindOf } from './format.js'
import { clean, fit, fitEnd, wrap } from './text.js'

/** What the live display shows at one moment. */
export interface View {
  status: SupervisorStatus
  /** Whether the walk may still find packages. */
  searching: boolean
  files: number
  bytes: number
  elapsedMs: number
  /** Epoch milliseconds. */
  now: number
  notice: string | null
}

export type Paint = (style: 'red' | 'green' | 'dim' | 'bold', text: string) => string

const CODES = { red: 31, green: 32, dim: 2, bold: 1 }
export const colours: Paint = (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m`
export const noColours: Paint = (_style, text) => text

/** How wide the label before a line is. */
const LABEL = 9
const MOST_ROWS = 3

/** The lines of the live display, clean and none wider than `columns`. */
export function frameOf(view: View, columns: number, rows: number, paint: Paint): string[] {
  const { status, now, notice } = view
  const room = columns - LABEL
  const failed = status.recentErrors.slice(0, MOST_ROWS).map(({ taskName, error }) => {
    const name = fitEnd(clean(taskName), Math.floor(room / 2))
    return fit(clean(`${name}: ${kindOf(error)}: ${error.message}`), room)
  })
  const running = status.tasks
    .filter((task) => task.status === 'running' || task.stoppingSince !== null)
    .slice(0, MOST_ROWS)
    .map((task) => `${formatMs(now - (task.startedAt ?? now)).padStart(7)}  ${fitEnd(clean(task.name), room - 9)}`)
  const lines = [
    progressOf(view, columns, paint),
    ...wrap(clean(formatStatus(status)), columns).map((line) => paint('dim', line)),
    ...section('failed', 'red', failed, paint),
    ...section('running', 'bold', running, paint),
    ...(notice === null ? [] : wrap(clean(notice), columns)),
  ]
  return lines.slice(0, Math.max(1, rows - 1))
}

function progressOf({ status, searching, files, bytes, elapsedMs }: View, columns: number, paint: Paint): string {
  const { spawned, completed, failed, cancelled } = status.totals
  const ended = completed + failed + cancelled
  const counts = `${formatCount(ended)}/${formatCount(spawned)}${searching ? '+' : ''}`
  const facts = [`${counts} tasks`, formatMs(elapsedMs), formatBytes(bytes), `${formatCount(files)} files`]
  // As many facts as there is room for beside a bar of at least ten columns.
  while (facts.length > 1 && columns - facts.join('  ').length < 13) facts.pop()
  const text = facts.join('  ')
  const width = Math.min(30, columns - text.length - 3)
  if (width < 5) return fit(text, columns)
  const filled = spawned === 0 ? 0 : Math.floor((ended / spawned) * width)
  return `[${paint('green', '#'.repeat(filled))}${paint('dim', '-'.repeat(width - filled))}] ${text}`
}

const section = (label: string, style: 'red' | 'bold', texts: string[], paint: Paint): string[] =>
  texts.map((text, at) => paint(style, (at === 0 ? label : '').padEnd(LABEL)) + text)
