import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/stores/memory.js'
import { testTaskStore } from '../../src/testing/task-store-suite.js'
import { failWith, makeTask } from '../runtime/support/tasks.js'

testTaskStore('the memory store', () => memoryStore())

describe('the memory store, beyond the contract', () => {
  it('answers from the first line of code, before it is opened and after it is closed', async () => {
    const store = memoryStore()
    const failed = failWith(makeTask(0, { id: 'a' }), 'X').change()
    expect(await store.commit([failed])).toEqual(['applied'])
    await store.close()
    expect(await store.get('a')).toEqual(failed.record)
    expect(await store.history('a')).toHaveLength(3)
  })

  it('says applied to what comes twice in one batch, and does not double it', async () => {
    const store = memoryStore()
    const failed = failWith(makeTask(0, { id: 'a' }), 'X').change()
    expect(await store.commit([failed, failed])).toEqual(['applied', 'applied'])
    expect(await store.history('a')).toHaveLength(3)
    expect((await store.errors({})).items).toHaveLength(1)
  })

  it('is another one with each call', async () => {
    const store = memoryStore()
    await store.commit([failWith(makeTask(0, { id: 'a' }), 'X').change()])
    expect(memoryStore().has?.('a')).toBe(false)
  })
})
