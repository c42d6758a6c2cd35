import { resolve } from 'node:path'
import { TaskOptionError } from '../../core/errors.js'
import type { Rule } from '../../core/option-rules.js'

export const directoryRule: Rule = {
  expected: 'the path of a directory',
  accepts: (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
}

/** The absolute path, of options that have been checked. @throws TaskOptionError `OPTION_INVALID` where there is none */
export function directoryOf(path: string, checked: Record<string, unknown>): string {
  if (checked['directory'] !== undefined) return resolve(checked['directory'] as string)
  throw new TaskOptionError(`${path}.directory`, `expected ${directoryRule.expected}, got undefined`)
}
