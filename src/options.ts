// What the public calls take: the types with their docs, the defaults, and the check of each call.
export {
  LANE_DEFAULTS,
  resolveOptions,
  SUPERVISOR_DEFAULTS,
  type LaneOptions,
  type ResolvedOptions,
  type RetentionOptions,
  type TaskSupervisorOptions,
} from './options/supervisor-options.js'
export { resolveScope } from './options/scope-options.js'
export { HEALTH_CHECK_DEFAULTS, resolveService, SERVICE_DEFAULTS } from './options/service-options.js'
export { resolveSpawn, SpawnRequests, type SpawnDefaults } from './options/spawn-options.js'
export { loadOptions } from './options/load-options.js'
export { resolveErrorQuery, resolveFilter, resolveTaskQuery } from './options/query-options.js'
export {
  checkConcurrency,
  checkListener,
  CLOSE_DEFAULTS,
  resolveClose,
  resolveDrain,
  resolvePrune,
  resolveStatus,
} from './options/call-options.js'
