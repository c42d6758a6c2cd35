import { postgresStore } from '../../../src/stores/postgres.js'
import type { TaskStore } from '../../../src/store.js'

/** The same schema, from another process. */
export default (args: { url: string; schema: string }): TaskStore =>
  postgresStore({ connectionString: args.url, schema: args.schema })
