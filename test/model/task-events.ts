import type { TaskEventName } from 'taskward'

export const TASK_EVENTS = [
  ...(['task:spawned', 'task:started', 'task:stopping', 'task:completed', 'task:failed', 'task:cancelled'] as const),
  ...(['task:settled', 'task:retrying', 'task:abandoned', 'task:late'] as const),
] satisfies TaskEventName[]
