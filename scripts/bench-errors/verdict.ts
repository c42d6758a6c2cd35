import type { HostileValue } from '../../test/support/hostile-values.js'

/** What came of one value in one child process. */
export interface Answer {
  /** How it failed, if it did not give anything that can be written as JSON. */
  failure: 'throws' | 'hangs' | 'crashes' | 'not JSON' | null
  json: string
  bytes: number
  ms: number
}

/** Whether a value was read well, by what is asked; undefined where the value does not ask it. */
export interface Verdict {
  answer: Answer
  survives: boolean
  bounded: boolean
  jsonSafe: boolean
  causeKept: boolean | undefined
  codeKept: boolean | undefined
  noSecretLeaked: boolean | undefined
}

export const COLUMNS = {
  survives: 'survives',
  bounded: 'bounded',
  jsonSafe: 'JSON-safe',
  causeKept: 'cause kept',
  codeKept: 'code kept',
  noSecretLeaked: 'no secret leaked',
} as const

export type Column = keyof typeof COLUMNS

const MOST_BYTES = 64 * 1024
const MOST_MS = 100
const MOST_MS_LARGE = 1000

export const judge = (value: HostileValue, answer: Answer): Verdict => {
  const { failure, json, bytes, ms } = answer
  const survives = failure === null
  const isKept = (parts: readonly string[]) => survives && parts.every((part) => json.includes(part))
  const causes = value.name.startsWith('cause:') ? (value.contains ?? []).filter((part) => /^\w+$/.test(part)) : []
  return {
    answer,
    survives,
    bounded: survives && bytes <= MOST_BYTES && ms <= (value.isLarge ? MOST_MS_LARGE : MOST_MS),
    jsonSafe: survives && isStorable(json),
    causeKept: causes.length === 0 ? undefined : isKept(causes),
    codeKept: typeof value.code === 'string' ? isKept([value.code]) : undefined,
    noSecretLeaked:
      value.lacks === undefined ? undefined : survives && !value.lacks.some((part) => json.includes(part)),
  }
}

/** Whether a database takes it: no NUL, no half of a pair, no key that reaches a prototype. */
const isStorable = (json: string): boolean => !/\\u0000|\\ud[89a-f]|"(?:__proto__|constructor|prototype)":/i.test(json)
