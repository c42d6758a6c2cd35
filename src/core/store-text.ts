import type { TaskErrorRecord, TaskRecord } from './record.js'

// U+FDD0 is no character, so it is not in anybody's text; where it is all the same, it is escaped too.
const UNSTORABLE = /[\0\uFDD0]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
const ESCAPED = /\uFDD0([0-9a-f]{4})/g

/** A text as any database takes it: NUL and lone surrogates escaped, different texts kept different. */
export const columnText = (text: string): string =>
  text.replace(UNSTORABLE, (unit) => `\uFDD0${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Undoes {@link columnText}. */
export const textOfColumn = (column: string): string =>
  column.replace(ESCAPED, (_, code: string) => String.fromCharCode(parseInt(code, 16)))

/**
 * What `TaskQuery.text` is looked for in, as one column: a query's own text, lower-cased and through {@link columnText}, is
 * in there where the record matches. Where it is in there the record nearly always matches: `matchesTask` decides.
 */
export const searchTextOfTask = ({ name, id, owner, error }: TaskRecord): string =>
  searchText([name, id, owner, error?.message])

/** As {@link searchTextOfTask}, for `ErrorQuery.text`. */
export const searchTextOfError = ({ taskName, taskId, owner, error }: TaskErrorRecord): string =>
  searchText([taskName, taskId, owner, error.message])

const searchText = (fields: readonly (string | null | undefined)[]): string =>
  columnText(fields.map((field) => field?.toLowerCase() ?? '').join('\n'))
