import { describe, expect, it } from 'vitest'
import { TaskSupervisor, type JsonValue, type TaskSupervisorOptions } from 'taskward'
import { clocked, durableStore, EVENTS, hold, turns } from './support.js'

const SECRET = 's3cr3t-0451-value'

const METADATA: Record<string, JsonValue> = {
  card: { number: SECRET, brand: 'visa' },
  internalId: SECRET,
  list: [{ pin_code: SECRET }, 'plain'],
  password: SECRET,
  kept: 'kept',
}
const REDACT = ['card.number', 'internalId', /^pin/]

/** Runs tasks of each fate that are full of secrets, and gives all that anybody can see of it, as text. */
async function everythingSeen(options: TaskSupervisorOptions = {}): Promise<{ text: string; own: unknown[] }> {
  const seen: unknown[] = []
  const own: unknown[] = []
  const log = (message: string, fields: object): void => void seen.push(message, fields)
  const { clock, supervisor } = clocked({
    redact: REDACT,
    logger: { debug: log, info: log, warn: log, error: log },
    onError: (failure, task) => void seen.push(failure, task),
    grace: 10,
    ...options,
  })
  for (const event of EVENTS) supervisor.on(event, (payload) => void seen.push(payload))
  const thrown = (): Error =>
    Object.assign(new Error(`failed with password=${SECRET}`, { cause: { internalId: SECRET } }), {
      internalId: SECRET,
      headers: { authorization: `Bearer ${SECRET}` },
      card: { number: SECRET },
      url: `https://user:${SECRET}@example.com/`,
    })
  const handles = [
    supervisor.spawn(async ({ metadata }) => void own.push(metadata), { metadata: METADATA }),
    supervisor.spawn(() => Promise.reject(thrown()), { metadata: METADATA }),
    supervisor.spawn(
      () => {
        throw new AggregateError([thrown()], 'all failed')
      },
      { metadata: METADATA },
    ),
    hold(supervisor, { metadata: METADATA }).handle,
    supervisor.spawn(Promise.reject(thrown()), { metadata: METADATA }),
  ]
  supervisor.on('task:completed', () => {
    throw thrown()
  })
  handles[3]!.cancel(thrown())
  await turns()
  supervisor.spawn(() => 1)
  clock.advance(10)
  await turns()
  for (const { id, snapshot } of handles.map((handle) => ({ id: handle.id, snapshot: handle.snapshot() }))) {
    seen.push(snapshot, await supervisor.get(id), await supervisor.history(id))
  }
  for (const handle of handles) {
    const outcome = await handle.settled
    if (outcome.status !== 'completed') seen.push(outcome.error)
  }
  seen.push(await supervisor.list(), await supervisor.errors(), await supervisor.errorGroups())
  seen.push(supervisor.status(), await supervisor.close())
  return { text: JSON.stringify(seen), own }
}

describe('redact', () => {
  it.each<[string, TaskSupervisorOptions]>([
    ['in the process alone', {}],
    ['durable', { store: durableStore() }],
  ])('keeps secrets out of every record, event and log with a store that is %s', async (_, options) => {
    const { text, own } = await everythingSeen(options)
    expect(text).toContain('"kept"')
    expect(text).toContain('"brand":"visa"')
    expect(text.split(SECRET)).toHaveLength(1)
    expect(own).toEqual([METADATA])
  })

  it('gives the store nothing that is secret', async () => {
    const written: unknown[] = []
    const inner = durableStore()
    const store = durableStore({
      commit: (changes) => (written.push(structuredClone(changes)), inner.commit(changes)),
    })
    await everythingSeen({ store })
    expect(written.length).toBeGreaterThan(0)
    expect(JSON.stringify(written)).not.toContain(SECRET)
  })

  it('hides the usual secrets without being told, and nothing else', () => {
    const handle = new TaskSupervisor().spawn(() => 1, { metadata: METADATA })
    const { metadata } = handle.snapshot()
    expect(metadata['password']).not.toBe(SECRET)
    expect(metadata).toMatchObject({ card: { number: SECRET }, internalId: SECRET, kept: 'kept' })
  })

  it('leaves what the caller gave alone, and gives the function a copy of its own', async () => {
    const metadata = structuredClone(METADATA)
    const supervisor = new TaskSupervisor({ redact: REDACT })
    supervisor.pause()
    let given: unknown
    const handle = supervisor.spawn((context) => void (given = context.metadata), { metadata })
    metadata['kept'] = 'changed'
    ;(metadata['list'] as JsonValue[]).length = 0
    supervisor.resume()
    await handle.settled
    expect(given).toEqual(METADATA)
    expect(() => ((given as Record<string, unknown>)['kept'] = 'mine')).toThrow(TypeError)
  })

  it('leaves the value and the reason of an outcome to whoever awaits them as they are', async () => {
    const supervisor = new TaskSupervisor({ redact: REDACT })
    const error = Object.assign(new Error(`token=${SECRET}`), { internalId: SECRET })
    expect(await supervisor.run(() => ({ internalId: SECRET }))).toEqual({ internalId: SECRET })
    await expect(supervisor.run(() => Promise.reject(error))).rejects.toBe(error)
    expect(error.internalId).toBe(SECRET)
  })

  it.each(['card', [1], [null], {}, null])('makes %j misuse', (redact) => {
    expect(() => new TaskSupervisor({ redact: redact as never })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})
