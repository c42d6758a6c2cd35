import { isTaskOptionError, TaskOptionError } from '../core/errors.js'
import { jsonFaultAt } from '../core/json-fault.js'
import * as rules from '../core/option-rules.js'
import { describeValue } from '../core/text.js'
import { SUPERVISOR_RULES, type TaskSupervisorOptions } from './supervisor-options.js'

const PATH = 'loadOptions()'
/** Of text, and of all the text within a value. */
const MAX_CHARS = 1024 * 1024
const MAX_VALUES = 10_000
const MAX_DEPTH = 20

/**
 * Options of a supervisor from a file or an environment variable: JSON text, or what somebody has parsed from it or from
 * another format. Checked as the constructor checks them, so that a mistake is found where it was made. JSON has no
 * `Infinity`: where that is allowed, the string "Infinity" stands for it. Functions, and objects that have some (a store, a
 * logger, a clock), cannot come from JSON; spread what this gives and add them. `undefined` gives no options.
 *
 * @throws TaskOptionError `OPTION_INVALID`, with the path, what was expected and what came; for text that is not JSON, with the
 *   place where it stops being that
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import { loadOptions, TaskSupervisor } from 'taskward'
 *
 * const options = loadOptions(readFileSync('taskward.json', 'utf8'))
 * const supervisor = new TaskSupervisor({ ...options, logger: console })
 * ```
 */
export function loadOptions(json: unknown): TaskSupervisorOptions {
  const value = typeof json === 'string' ? parse(json) : json
  if (value === undefined) return {}
  let copy: unknown
  try {
    copy = copyOf(
      PATH,
      value,
      { expected: 'an object of options', accepts: () => true, within: SUPERVISOR_RULES },
      {
        ...{ values: MAX_VALUES, chars: MAX_CHARS, depth: 0 },
      },
    )
  } catch (error) {
    if (isTaskOptionError(error)) throw error
    throw new TaskOptionError(PATH, 'could not be read')
  }
  return rules.checkOptions(PATH, copy, SUPERVISOR_RULES)
}

function parse(text: string): unknown {
  if (text.length > MAX_CHARS) throw tooMuch(PATH)
  // What some editors begin a file with.
  const json = text.startsWith('\ufeff') ? text.slice(1) : text
  try {
    return JSON.parse(json)
  } catch {
    const at = jsonFaultAt(json)
    const lines = json.slice(0, at).split('\n')
    const place = `position ${String(at)} (line ${String(lines.length)}, column ${String(lines.at(-1)!.length + 1)})`
    const what = at < json.length ? describeValue(String.fromCodePoint(json.codePointAt(at)!)) : 'the end of the text'
    throw new TaskOptionError(PATH, `expected JSON, got ${what} at ${place}`)
  }
}

/** How much may still come, and how deep it is. */
interface Room {
  values: number
  chars: number
  depth: number
}

/** What JSON can say of a value, with its infinite numbers; what it means, `checkOptions` sees to. */
function copyOf(path: string, value: unknown, rule: rules.Rule | undefined, room: Room): unknown {
  if (rule?.isCode)
    throw new TaskOptionError(path, `cannot come from JSON: expected ${rule.expected}, got ${describeValue(value)}`)
  if (--room.values < 0) throw tooMuch(path)
  if (typeof value === 'string') {
    room.chars -= value.length
    if (room.chars < 0) throw tooMuch(path)
    return value === 'Infinity' && rule?.accepts(Infinity) ? Infinity : value
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value
  if (typeof value !== 'object') throw new TaskOptionError(path, `expected a JSON value, got ${describeValue(value)}`)
  if (room.depth === MAX_DEPTH)
    throw new TaskOptionError(path, `expected at most ${String(MAX_DEPTH)} levels, got more`)
  room.depth++
  const copy = Array.isArray(value) ? copyOfList(path, value, room) : copyOfObject(path, value, rule, room)
  room.depth--
  return copy
}

function copyOfList(path: string, list: readonly unknown[], room: Room): unknown[] {
  if (list.length > room.values) throw tooMuch(path)
  return Array.from(list, (item, index) => copyOf(`${path}[${String(index)}]`, item, undefined, room))
}

function copyOfObject(path: string, object: object, rule: rules.Rule | undefined, room: Room): Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(object)
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  if (!isPlain) throw new TaskOptionError(path, `expected plain data, got ${describeValue(object)}`)
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(object)) {
    const where = `${path}.${key.slice(0, 256)}`
    if (key === '__proto__') throw new TaskOptionError(where, 'expected the name of an option, got "__proto__"')
    const value = (object as Record<string, unknown>)[key]
    if (value !== undefined) copy[key] = copyOf(where, value, ruleWithin(rule, key), room)
  }
  return copy
}

/** For what is no set of options but holds values of its own names, any number is one that may be infinite. */
const ANY_NUMBER: rules.Rule = { expected: 'a number', accepts: (value) => typeof value === 'number' }

function ruleWithin(rule: rules.Rule | undefined, key: string): rules.Rule | undefined {
  if (!rule?.within) return rule && ANY_NUMBER
  return Object.hasOwn(rule.within, key) ? rule.within[key] : undefined
}

const tooMuch = (path: string): TaskOptionError =>
  new TaskOptionError(
    path,
    `expected at most ${String(MAX_CHARS)} characters and ${String(MAX_VALUES)} values, got more`,
  )
