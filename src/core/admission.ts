/** What to do with work that arrives when it cannot start and the queue is full. */
export type OverflowPolicy = 'reject' | 'drop-oldest' | 'drop-newest'

export const OVERFLOW_POLICIES = ['reject', 'drop-oldest', 'drop-newest'] as const satisfies readonly OverflowPolicy[]

/** A queue that a newcomer comes to. */
export interface Load {
  waiting: number
  /** How many of those who wait will have a slot in a moment. */
  spokenFor: number
  queueLimit: number
  onOverflow: OverflowPolicy
}

/** What becomes of a newcomer that cannot start at once. */
export type Admission = 'wait' | 'displace' | 'drop' | 'reject'

/**
 * Decides what becomes of a newcomer that cannot start at once. It may wait while those who cannot start are fewer than the
 * queue's limit: a free slot beside a task that is to have it is spoken for, and neither counts twice.
 */
export function admit({ waiting, spokenFor, queueLimit, onOverflow }: Load): Admission {
  if (waiting - spokenFor < queueLimit) return 'wait'
  if (onOverflow === 'reject') return 'reject'
  return onOverflow === 'drop-oldest' && waiting > 0 ? 'displace' : 'drop'
}
