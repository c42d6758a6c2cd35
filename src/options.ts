// What the public calls take: the types with their docs, the defaults, and the check of each call.
export {
  resolveOptions,
  SUPERVISOR_DEFAULTS,
  type ResolvedOptions,
  type RetentionOptions,
  type TaskSupervisorOptions,
} from './options/supervisor-options.js'
export { resolveSpawn } from './options/spawn-options.js'
export { resolveErrorQuery, resolveFilter, resolveTaskQuery } from './options/query-options.js'
export {
  checkConcurrency,
  checkListener,
  checkPriority,
  CLOSE_DEFAULTS,
  resolveClose,
  resolveDrain,
  resolvePrune,
  resolveStatus,
} from './options/call-options.js'
