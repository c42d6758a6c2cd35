import { sqliteStore } from '../../../src/stores/sqlite.js'
import type { TaskStore } from '../../../src/store.js'

/** What another process of a test opens. */
export default ({ path }: { path: string }): TaskStore => sqliteStore({ path })
