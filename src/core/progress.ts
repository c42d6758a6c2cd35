import { checkOptions, type Rule, type Rules } from './option-rules.js'
import type { TaskProgress } from './record.js'
import { storableText } from './text.js'

/** What a task says of how far it is; what is not given stays as it was. */
export interface ProgressUpdate {
  /** What it is doing; kept to 1,000 characters. */
  currentStep?: string | undefined
  completedSteps?: number | undefined
  totalSteps?: number | undefined
  /** 0 to 100. @default derived, where both numbers of steps are known */
  percentage?: number | undefined
}

const MAX_STEP_CHARS = 1_000

const steps: Rule = {
  expected: 'a number from 0',
  accepts: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
}

const PROGRESS_RULES: Rules = {
  currentStep: { expected: 'a string', accepts: (value) => typeof value === 'string' },
  completedSteps: steps,
  totalSteps: steps,
  percentage: {
    expected: 'a number from 0 to 100',
    accepts: (value) => typeof value === 'number' && value >= 0 && value <= 100,
  },
}

const NONE: TaskProgress = { currentStep: null, completedSteps: null, totalSteps: null, percentage: null }

/** @throws TaskOptionError `OPTION_INVALID` */
export function mergeProgress(before: TaskProgress | null, given: unknown): TaskProgress {
  const update = checkOptions('progress()', given, PROGRESS_RULES) as ProgressUpdate
  const progress = { ...(before ?? NONE), ...(update as Partial<TaskProgress>) }
  if (update.currentStep !== undefined) {
    progress.currentStep = storableText(update.currentStep.slice(0, MAX_STEP_CHARS))
  }
  progress.percentage = update.percentage ?? derived(progress) ?? before?.percentage ?? null
  return Object.freeze(progress)
}

function derived({ completedSteps, totalSteps }: TaskProgress): number | null {
  if (completedSteps === null || totalSteps === null || totalSteps === 0) return null
  return Math.min(100, Math.round((completedSteps / totalSteps) * 100))
}
