export { manualClock, type ManualClock } from './manual-clock.js'
export { testTaskStore, type TaskStoreSuiteOptions } from './task-store-suite.js'
export type { SpoiledRow, StoreChild, StoreSubject } from './task-store-suite/subject.js'
