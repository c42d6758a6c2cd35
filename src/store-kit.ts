// For those who write a store of their own: what the stores of this package read, order, filter and search by.
export {
  cutPage,
  decodeCursor,
  DEFAULT_LIMIT,
  encodeCursor,
  matchesError,
  matchesTask,
  positionOfError,
  positionOfTask,
  type Position,
} from './core/query.js'
export { columnText, searchTextOfError, searchTextOfTask, textOfColumn } from './core/store-text.js'
export {
  errorRecordFromStored,
  parseStored,
  recordFromStored,
  transitionFromStored,
  type Known,
} from './core/stored.js'
