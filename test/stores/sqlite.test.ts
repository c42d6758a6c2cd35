import { fileURLToPath } from 'node:url'
import { sqliteStore } from '../../src/stores/sqlite.js'
import { testTaskStore, type SpoiledRow } from '../../src/testing/index.js'
import { makePlace, withDatabase } from './sqlite/places.js'

testTaskStore('sqliteStore', () => {
  const { path, dispose } = makePlace()
  return {
    store: sqliteStore({ path }),
    reopen: () => sqliteStore({ path }),
    child: {
      module: fileURLToPath(new URL('sqlite/child-store.ts', import.meta.url)),
      args: { path },
      execArgv: ['--import', 'tsx'],
    },
    spoil: (row) => {
      spoil(path, row)
    },
    noticesDeath: true,
    dispose,
  }
})

function spoil(path: string, { of, taskId, text }: SpoiledRow): void {
  const statement = {
    record: 'UPDATE taskward_tasks SET body = ? WHERE id = ?',
    transition: `UPDATE taskward_transitions SET body = ?
      WHERE (task_id, seq, step) = (SELECT task_id, max(seq), step FROM taskward_transitions WHERE task_id = ?)`,
    error: 'UPDATE taskward_errors SET body = ? WHERE task_id = ?',
  }[of]
  withDatabase(path, (database) => database.prepare(statement).run(text, taskId))
}
