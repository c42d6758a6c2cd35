/** How a failed attempt is followed by another. */
export interface RetryOptions {
  /** How many runs in all, the first included: an integer from 1, or `Infinity`. Each stays in the history. @default 3 */
  attempts?: number | undefined
  /** How the pause grows: not at all, by `delay` each time, or twofold each time. @default 'exponential' */
  backoff?: 'constant' | 'linear' | 'exponential' | undefined
  /** Milliseconds from the first failure to the second attempt. @default 100 */
  delay?: number | undefined
  /** No pause is longer than this, in milliseconds. @default 30_000 */
  maxDelay?: number | undefined
  /** How much of a pause is left to chance: all of it, half of it, or nothing. @default 'full' */
  jitter?: 'full' | 'equal' | 'none' | undefined
  /**
   * Whether to try again after what was thrown by that attempt (1 for the first); a timeout is given as its `TaskTimeoutError`.
   * Synchronous. One that throws, or answers with a promise, means no, and is reported as `hook:error`. @default always
   */
  when?: ((error: unknown, attempt: number) => boolean) | undefined
}

/** With every default filled in. */
export interface RetryPolicy extends Required<Omit<RetryOptions, 'when'>> {
  readonly attempts: number
  readonly backoff: 'constant' | 'linear' | 'exponential'
  readonly delay: number
  readonly maxDelay: number
  readonly jitter: 'full' | 'equal' | 'none'
  readonly when: ((error: unknown, attempt: number) => unknown) | null
}

/** How long the pauses are, whatever they are between. */
export type BackoffPolicy = Pick<RetryPolicy, 'backoff' | 'delay' | 'maxDelay' | 'jitter'>

export const RETRY_DEFAULTS = {
  attempts: 3,
  backoff: 'exponential',
  delay: 100,
  maxDelay: 30_000,
  jitter: 'full',
  when: null,
} as const satisfies RetryPolicy

/** Whole milliseconds to wait after so many failed attempts. @param chance from 0 to below 1 */
export function retryDelay(policy: BackoffPolicy, failures: number, chance: number): number {
  // A pause without end is the longest that is still a number of milliseconds, also as JSON.
  const pauseMs = Math.min(policy.maxDelay, unboundedDelay(policy, failures), Number.MAX_SAFE_INTEGER)
  switch (policy.jitter) {
    case 'full':
      return Math.round(pauseMs * chance)
    case 'equal':
      return Math.round(pauseMs / 2 + (pauseMs / 2) * chance)
    case 'none':
      return pauseMs
  }
}

function unboundedDelay({ backoff, delay }: BackoffPolicy, failures: number): number {
  switch (backoff) {
    case 'constant':
      return delay
    case 'linear':
      return delay * failures
    case 'exponential':
      // Nothing doubled is nothing, also when doubled without end.
      return delay === 0 ? 0 : delay * 2 ** (failures - 1)
  }
}
