import type { Costs } from './costs.js'
import { READER_NAMES, type ReaderName } from './readers.js'
import { COLUMNS, type Column, type Verdict } from './verdict.js'

export type Results = Record<ReaderName, Map<string, Verdict>>

/** The values that stand for a class of them in the page. */
const CLASSES: readonly (readonly [what: string, name: string])[] = [
  ['`undefined`', 'primitive: undefined'],
  ["`'boom'`", 'string: plain'],
  ['a string of 30 MB', 'string: 30 MB'],
  ['text with NUL', 'string: with NUL'],
  ['`{ message, code }`', 'object: with message and code'],
  ['`{ error: { message } }`', 'object: error within'],
  ['an object of 2^40 paths', 'object: of 2^40 paths'],
  ['an array of 4 billion', 'object: array of 4 billion'],
  ['a function', 'function: named'],
  ['a proxy whose traps loop', 'proxy: of which every trap loops'],
  ['a plain `Error`', 'error: plain'],
  ['a subclass with fields', 'error: subclass'],
  ['a `message` accessor that loops', 'error: message accessor loops'],
  ['a `toJSON` that throws', 'error: toJSON throws'],
  ['a chain of 100,000 causes', 'cause: a chain of 100,000'],
  ['causes in a circle', 'cause: of each other'],
  ['an `AggregateError` without message', 'aggregate: without message or code'],
  ['a `DOMException`', 'platform: TimeoutError'],
  ['a system error', 'platform: ENOENT'],
  ['10,000 zod issues', 'library: 10,000 issues'],
  ["an HTTP client's error with tokens", 'library: HTTP client'],
  ['a child process with 20 MB of output', 'library: child process'],
  ['a `Buffer` of 30 MB', 'built-in: buffer of 30 MB'],
  ['a promise that rejects', 'promise: that rejects'],
]

export const scoreTable = (results: Results): string => {
  const columns = Object.keys(COLUMNS) as Column[]
  return table(
    ['', ...columns.map((column) => COLUMNS[column])],
    READER_NAMES.map((reader) => [reader, ...columns.map((column) => scoreOf([...results[reader].values()], column))]),
  )
}

export const classTable = (results: Results): string =>
  table(
    ['thrown', ...READER_NAMES],
    CLASSES.map(([what, name]) => [what, ...READER_NAMES.map((reader) => cellOf(results[reader].get(name)!))]),
  )

export const costText = ({ fresh, again }: Costs): string =>
  table(
    ['', 'taskward', "pino's serializer and `JSON.stringify`", 'ratio'],
    [
      ['just thrown: the stack is still to be written', ...costCells(fresh)],
      ['its stack was read before', ...costCells(again)],
    ],
  )

const costCells = ({ taskward, pino }: Costs['fresh']): string[] => [
  `${taskward.toFixed(1)} µs`,
  `${pino.toFixed(1)} µs`,
  (taskward / pino).toFixed(1),
]

const scoreOf = (verdicts: Verdict[], column: Column): string => {
  const asked = verdicts.filter((verdict) => verdict[column] !== undefined)
  return `${String(asked.filter((verdict) => verdict[column]).length)} of ${String(asked.length)}`
}

const cellOf = (verdict: Verdict): string => {
  const { failure, json, bytes } = verdict.answer
  if (failure !== null) return `**${failure}**`
  if (json === '') return '*nothing*'
  const faults = [
    bytes > 64 * 1024 ? (bytes > 1e6 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e3).toFixed(0)} kB`) : '',
    verdict.jsonSafe ? '' : 'not storable',
    verdict.noSecretLeaked === false ? 'leaks' : '',
    verdict.causeKept === false ? 'cause lost' : '',
  ].filter((fault) => fault !== '')
  return [messageIn(json), ...faults.map((fault) => `**${fault}**`)].join(', ')
}

/** The message, and the code where there is one; all of it where there is no message. */
const messageIn = (json: string): string => {
  const message = /"(?:exception\.)?message":"((?:[^"\\]|\\.)*)"/.exec(json.slice(0, 100_000))?.[1]
  const code = /"code":"?([\w.]+)"?/.exec(json.slice(0, 2000))?.[1]
  if (message === undefined) return shown(json)
  return code === undefined || code === 'null' ? shown(message) : `${shown(message)} ${shown(code)}`
}

const SHOWN = 44

const shown = (text: string): string =>
  `\`${(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text).replaceAll('|', '¦').replaceAll('`', "'")}\``

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
