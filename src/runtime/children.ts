import type { LiveTask } from './live-task.js'

/** Tasks and those that they have spawned. A task knows its children only while both live. */

const NO_CHILDREN: readonly LiveTask[] = []

export function linkChild(task: LiveTask): void {
  const { parent } = task
  if (parent === null) return
  if (parent.isSettled) task.parent = null
  else (parent.children ??= new Set()).add(task)
}

/** To be called when the task has its outcome. */
export function unlinkChild(task: LiveTask): void {
  task.parent?.children?.delete(task)
  task.parent = null
}

/** Whether the end of the task, as it was, is the end of that child. */
export const endsWith = (child: LiveTask, parent: LiveTask): boolean =>
  parent.status === 'cancelled' || (parent.isSettled && child.settings.onParentEnd === 'cancel')

/** Takes from the task those of its children that end with it. */
export function takeChildren(task: LiveTask): readonly LiveTask[] {
  if (task.children === null) return NO_CHILDREN
  const children = [...task.children].filter((child) => endsWith(child, task))
  for (const child of task.children) child.parent = null
  task.children = null
  return children
}
