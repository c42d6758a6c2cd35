import { describe, expect, it } from 'vitest'
import { runInTask } from '../../src/runtime/context.js'
import { Intake } from '../../src/runtime/intake.js'
import { Ledger } from '../../src/runtime/ledger.js'
import type { LiveTask } from '../../src/runtime/live-task.js'
import type { IntakeState } from '../../src/runtime/scope-node.js'
import { recorderOn } from './support/recorder.js'
import { faultStore } from './support/fault-store.js'
import { begin, complete, makeTask } from './support/tasks.js'
import { turns } from './support/turns.js'

const setUp = (state: IntakeState = 'everybody') => {
  const ledger = new Ledger()
  const store = Object.assign(faultStore(), { has: (id: string) => id === 'stored' })
  const { recorder, store: guarded } = recorderOn(store)
  const intake = new Intake(ledger, recorder)
  intake.state = state
  const refusal = (task: LiveTask, hasOwnId = false): string | undefined =>
    hasOwnId && intake.isDuplicate(task) ? 'TASK_DUPLICATE' : intake.refusalOf(task)?.code
  return { intake, ledger, recorder, refusal, store: guarded }
}

const running = (ledger: Ledger): LiveTask => {
  const task = makeTask(1)
  ledger.spawned(task)
  begin(task, 1)
  ledger.started(task)
  return task
}

describe('Intake', () => {
  it('lets everybody in at first', () => {
    expect(setUp().refusal(makeTask())).toBeUndefined()
  })

  it('refuses an id that this process or the store knows, where it was given', async () => {
    const { recorder, refusal, store } = setUp()
    await store.open()
    recorder.track(makeTask(0, { id: 'known' }))
    expect(refusal(makeTask(1, { id: 'known' }), true)).toBe('TASK_DUPLICATE')
    expect(refusal(makeTask(1, { id: 'stored' }), true)).toBe('TASK_DUPLICATE')
    expect(refusal(makeTask(1, { id: 'new' }), true)).toBeUndefined()
    expect(refusal(makeTask(1, { id: 'known' }), false)).toBeUndefined()
  })

  it('marks a task whose id only the store can tell from others, as before its opening', async () => {
    const { store, refusal } = setUp()
    const [early, late, made] = [makeTask(1, { id: 'early' }), makeTask(2, { id: 'late' }), makeTask(3)]
    expect([refusal(early, true), early.isUnsureOfId, refusal(made), made.isUnsureOfId]).toEqual([
      ...[undefined, true, undefined, false],
    ])
    await store.open()
    expect([refusal(late, true), late.isUnsureOfId]).toEqual([undefined, false])
  })

  it('says that an id is live until its task has settled', async () => {
    const { intake, recorder } = setUp()
    const task = makeTask(0, { id: 'known' })
    recorder.track(task)
    expect([intake.isLive('known'), intake.isLive('stored')]).toEqual([true, false])
    complete(task)
    expect(intake.isLive('known')).toBe(false)
    await turns(2)
  })

  it('refuses all when nobody may spawn, live tasks too', () => {
    const { ledger, refusal } = setUp('nobody')
    expect(refusal(makeTask())).toBe('SUPERVISOR_CLOSED')
    expect(runInTask(running(ledger), null, () => refusal(makeTask()))).toBe('SUPERVISOR_CLOSED')
  })

  it('lets live tasks alone in while it drains', async () => {
    const { ledger, refusal } = setUp('live tasks')
    const inside = running(ledger)
    expect(refusal(makeTask())).toBe('SUPERVISOR_CLOSED')
    expect(runInTask(inside, null, () => refusal(makeTask()))).toBeUndefined()
    expect(await runInTask(inside, null, async () => (await turns(1), refusal(makeTask())))).toBeUndefined()
    expect(runInTask(running(new Ledger()), null, () => refusal(makeTask()))).toBe('SUPERVISOR_CLOSED')
    expect(runInTask({}, null, () => refusal(makeTask()))).toBe('SUPERVISOR_CLOSED')
    ledger.ended(complete(inside))
    expect(runInTask(inside, null, () => refusal(makeTask()))).toBe('SUPERVISOR_CLOSED')
  })
})
