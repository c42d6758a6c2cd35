/** Says under a key, or as the last item, what was left out. */
export const TRUNCATED = '[truncated]'

/** Fields that say what is missing of an error's causes and errors; no field of somebody's own begins like this. */
export const CAUSES_LEFT_OUT = '[causes left out]'
export const CIRCULAR_CAUSE = '[circular cause]'
export const ERRORS_LEFT_OUT = '[errors left out]'

export const MARKS: readonly string[] = [CAUSES_LEFT_OUT, CIRCULAR_CAUSE, ERRORS_LEFT_OUT]

/** Whether a stored field is such a mark. */
export const isMark = (key: string, value: unknown): boolean =>
  key === CIRCULAR_CAUSE
    ? value === true
    : (key === CAUSES_LEFT_OUT || key === ERRORS_LEFT_OUT) && typeof value === 'number'
