import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { change, recordOf } from './changes.js'
import { openDatabase, type SqliteDatabase } from '../../../src/stores/sqlite/driver.js'
import { sqliteStore } from '../../../src/stores/sqlite.js'
import type { TaskQuery } from '../../../src/core/query.js'
import type { TaskStore } from '../../../src/store.js'

const ROWS = 12_000
/** At both ends, and around where steps of 5,000 end, from either side. */
const RARE = [0, 1_999, 2_000, 2_001, 4_998, 4_999, 5_000, 6_999, 7_000, 7_001, 9_999, 10_000, 11_999]

const idOf = (n: number): string => `task ${String(n).padStart(5, '0')}`

let database: SqliteDatabase
let store: TaskStore
/** How many rows each statement gave. */
let answers: number[] = []

beforeAll(async () => {
  database = openDatabase(':memory:')
  store = sqliteStore({
    database: {
      exec: (sql) => database.exec(sql),
      prepare: (sql) => {
        const statement = database.prepare(sql)
        const all: typeof statement.all = (...values) => {
          const rows = statement.all(...values)
          answers.push(rows.length)
          return rows
        }
        return { run: (...values) => statement.run(...values), get: (...values) => statement.get(...values), all }
      },
    },
  })
  await store.open()
  // Four of each instant, so that steps end in the midst of one.
  const tasks = Array.from({ length: ROWS }, (_, n) =>
    recordOf(idOf(n), { createdAt: n >> 2, name: RARE.includes(n) ? 'rare' : 'usual' }),
  )
  await store.commit(tasks.map((record) => change(record)))
})
afterAll(async () => {
  await store.close()
  database.close?.()
})

async function listAll(query: TaskQuery): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null | undefined
  do {
    const page = await store.list({ ...query, cursor: cursor ?? undefined })
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== null)
  return ids
}

const rare = RARE.map(idOf)

describe('a list that no index answers', () => {
  it.each([1, 2, 3, 100])('finds each that matches once, over pages of %i and steps within them', async (limit) => {
    expect(await listAll({ text: 'RARE', limit, order: 'oldest' })).toEqual(rare)
    expect(await listAll({ text: 'RARE', limit })).toEqual(rare.toReversed())
  })

  it('looks at no more than five thousand rows in one statement', async () => {
    answers = []
    expect(await store.list({ text: 'nowhere' })).toEqual({ items: [], nextCursor: null })
    expect(answers).toEqual([0, 0, 0])
  })

  it('reads no more than 250 rows in one statement', async () => {
    answers = []
    expect((await store.list({ limit: 1_000 })).items).toHaveLength(1_000)
    expect(Math.max(...answers)).toBe(250)
  })
})
