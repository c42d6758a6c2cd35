import { redisStore } from '../../../src/stores/redis.js'
import type { TaskStore } from '../../../src/store.js'

/** What another process of a test opens. */
export default (place: { url: string; prefix: string }): TaskStore =>
  redisStore({ ...place, onWarning: () => undefined })
