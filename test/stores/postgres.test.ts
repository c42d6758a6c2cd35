import { postgresStore } from '../../src/stores/postgres.js'
import { testTaskStore } from '../../src/testing/task-store-suite.js'
import type { SpoiledRow, StoreSubject } from '../../src/testing/task-store-suite/subject.js'
import { dropSchema, newSchema, query, quoted } from './postgres/schemas.js'
import { describeWith, postgresService } from '../support/services/index.js'

describeWith(await postgresService(), 'the Postgres store', (url) => {
  testTaskStore('as any store', () => subjectIn(url, newSchema()))
})

function subjectIn(url: string, schema: string): StoreSubject {
  const make = () => postgresStore({ connectionString: url, schema })
  return {
    store: make(),
    reopen: make,
    child: {
      module: new URL('./postgres/child-store.ts', import.meta.url),
      args: { url, schema },
      execArgv: ['--import', 'tsx'],
    },
    noticesDeath: true,
    spoil: async ({ of, taskId, text }: SpoiledRow) => {
      const q = quoted(schema)
      const statement = {
        record: `UPDATE ${q}.task SET body = $2 WHERE id = $1`,
        transition: `UPDATE ${q}.transition SET body = $2 WHERE n = (SELECT max(n) FROM ${q}.transition WHERE task_id = $1)`,
        error: `UPDATE ${q}.error SET body = $2 WHERE task_id = $1`,
      }[of]
      await query(url, statement, [taskId, text])
    },
    dispose: () => dropSchema(url, schema),
  }
}
