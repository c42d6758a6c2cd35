import { logText } from './log-text.js'

/** What of a status one line tells. */
interface Summary {
  name: string
  state: string
  slots: { limit: number; running: number; stopping: number; abandoned: number }
  queue: { waiting: number; oldestWaitMs: number }
  totals: { spawned: number; completed: number; failed: number; cancelled: number }
}

/**
 * Tells a status in one line for a terminal or a log. What is zero and no news is left out.
 *
 * @example
 * ```ts
 * import { formatStatus, TaskSupervisor } from 'taskward'
 *
 * const supervisor = new TaskSupervisor({ name: 'mails' })
 * console.log(formatStatus(supervisor.status()))
 * // mails open: 0/50 running, 0 waiting; 0 spawned = 0 completed + 0 failed + 0 cancelled + 0 live
 * ```
 */
export function formatStatus({ name, state, slots, queue, totals }: Summary): string {
  const running = `${String(slots.running)}/${String(slots.limit)} running`
  const stopping = slots.stopping > 0 ? `, ${String(slots.stopping)} stopping` : ''
  const abandoned = slots.abandoned > 0 ? `, ${String(slots.abandoned)} abandoned` : ''
  const oldest = queue.waiting > 0 ? ` (oldest ${formatDuration(queue.oldestWaitMs)})` : ''
  const { spawned, completed, failed, cancelled } = totals
  const live = spawned - completed - failed - cancelled
  const sum = `${String(completed)} completed + ${String(failed)} failed + ${String(cancelled)} cancelled + ${String(live)} live`
  const slotsText = `${running}${stopping}${abandoned}, ${String(queue.waiting)} waiting${oldest}`
  return `${logText(name)} ${state}: ${slotsText}; ${String(spawned)} spawned = ${sum}`
}

function formatDuration(ms: number): string {
  if (ms < 1_000) return `${String(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  return `${(ms / 60_000).toFixed(1)} min`
}
