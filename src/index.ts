export { TaskSupervisor } from './supervisor.js'
export { captureUnhandledRejections } from './process/capture-unhandled-rejections.js'
export { closeOnSignals } from './process/close-on-signals.js'
export { loadOptions } from './options.js'
export { memoryStore } from './stores/memory.js'
export { formatStatus } from './core/format-status.js'
export { normalizeError, parseTaskError, toError } from './core/normalize-error.js'
export {
  ERROR_CODES,
  ServiceError,
  TaskCancelledError,
  TaskOptionError,
  TaskRejectedError,
  TaskStoreError,
  TaskTimeoutError,
  TaskwardError,
  isServiceError,
  isTaskCancelledError,
  isTaskOptionError,
  isTaskRejectedError,
  isTaskStoreError,
  isTaskTimeoutError,
  isTaskwardError,
} from './core/errors.js'

export type { Clock } from './clock.js'
export type { OverflowPolicy } from './core/admission.js'
export type { ProgressUpdate } from './core/progress.js'
export type { RetryOptions } from './core/retry.js'
export type { ErrorCode } from './core/errors.js'
export type { Percentiles } from './core/histogram.js'
export type { ErrorQuery, Page, TaskFilter, TaskQuery } from './core/query.js'
export type {
  JsonValue,
  TaskError,
  TaskErrorGroup,
  TaskErrorRecord,
  TaskOutcome,
  TaskProgress,
  TaskRecord,
  TaskStatus,
  TaskTransition,
} from './core/record.js'
export type { TaskEventListener, TaskEventName, TaskEvents } from './events.js'
export type { NormalizeErrorOptions } from './core/normalize-error.js'
export type { Redact, Redactor } from './core/redact.js'
export type { Logger } from './logger.js'
export type { LaneOptions, RetentionOptions, TaskSupervisorOptions } from './options.js'
export type { RestartMode } from './core/restarts.js'
export type { ScopeOptions, TaskScope } from './scope.js'
export type {
  BackoffOptions,
  HealthCheckOptions,
  ServiceContext,
  ServiceEnd,
  ServiceFunction,
  ServiceHandle,
  ServiceOptions,
} from './service.js'
export type { CaptureOptions, CapturingSupervisor, ReleaseCapture } from './process/capture-unhandled-rejections.js'
export type { Closable, CloseOnSignalsOptions, ReleaseSignals } from './process/close-on-signals.js'
export type { FleetStatus, LaneStatus, NameStatus, ServiceStatus, StatusTotals, SupervisorStatus } from './status.js'
export type {
  ArchivedTask,
  Changes,
  CommitAnswer,
  Heartbeat,
  Instance,
  PrunePolicy,
  StoreCapabilities,
  TaskChange,
  TaskStore,
} from './store.js'
export type {
  CloseOptions,
  CloseReport,
  DrainOptions,
  LanePolicy,
  RunFunction,
  SpawnFunction,
  SpawnOptions,
  TaskContext,
  TaskFunction,
  TaskHandle,
} from './work.js'
