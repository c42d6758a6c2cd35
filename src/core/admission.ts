/** What to do with work that arrives when no slot is free and the queue is full. */
export type OverflowPolicy = 'reject' | 'drop-oldest' | 'drop-newest'

export const OVERFLOW_POLICIES = ['reject', 'drop-oldest', 'drop-newest'] as const satisfies readonly OverflowPolicy[]

/** What a newcomer meets. */
export interface Load {
  /** Slots that could be taken now; 0 while paused. */
  free: number
  waiting: number
  queueLimit: number
  onOverflow: OverflowPolicy
}

export type Admission = 'start' | 'wait' | 'displace' | 'drop' | 'reject'

/**
 * Decides what becomes of a newcomer. It may wait while those who cannot start at once are fewer than the queue's limit: a
 * free slot beside a waiting task is spoken for, and neither counts twice.
 */
export function admit({ free, waiting, queueLimit, onOverflow }: Load): Admission {
  if (free > 0 && waiting === 0) return 'start'
  if (waiting - free < queueLimit) return 'wait'
  if (onOverflow === 'reject') return 'reject'
  return onOverflow === 'drop-oldest' && waiting > 0 ? 'displace' : 'drop'
}
