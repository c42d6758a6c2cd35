import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { closeOnSignals, TaskSupervisor } from 'taskward'
import { hold, turns } from './support.js'

/** A child that is sent signals and lines, each once it has said a certain text. */
function dialogue(
  words: readonly string[],
  steps: readonly (readonly [after: string, send: NodeJS.Signals | 'line'])[],
) {
  const file = new URL('fixtures/signals.ts', import.meta.url)
  const child = spawn(process.execPath, ['--import', 'tsx', file.pathname, ...words], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const waiting = [...steps]
  let [stdout, stderr] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    while (waiting[0] && stdout.includes(waiting[0][0])) {
      const [, send] = waiting.shift()!
      if (send === 'line') child.stdin.write('\n')
      else child.kill(send)
    }
  })
  return new Promise<{ code: number | null; signal: NodeJS.Signals | null; said: string[]; stderr: string }>(
    (resolve) => {
      child.on('close', (code, signal) => {
        resolve({ code, signal, said: stdout.trim().split('\n'), stderr })
      })
    },
  )
}

describe('the first signal', () => {
  it.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])(
    'closes, and ends the process when that is done: %s',
    async (signal) => {
      // The task ends only after the signal: nothing but the handler can have waited for it.
      const { code, said } = await dialogue(
        ['others-after', 'others-both'],
        [
          ['ready', signal],
          ['other heard', 'line'],
        ],
      )
      expect({ code, said: said.filter((line) => line !== 'other heard') }).toEqual({
        code: 0,
        said: ['ready', 'closed a: 1 completed, 0 cancelled', 'exit 0 with 1,1'],
      })
    },
  )

  it.each(['others-first', 'others-after'])('is heard by other handlers as well: %s', async (order) => {
    const { code, said } = await dialogue(
      [order],
      [
        ['ready', 'SIGTERM'],
        ['other heard', 'line'],
      ],
    )
    expect(code).toBe(0)
    expect(said).toEqual(['ready', 'other heard', 'closed a: 1 completed, 0 cancelled', 'exit 0 with 1,0'])
  })

  it('keeps an exit code that has been set', async () => {
    const { code } = await dialogue(
      ['exit-code'],
      [
        ['ready', 'SIGTERM'],
        ['ready', 'line'],
      ],
    )
    expect(code).toBe(7)
  })

  it('waits for all that were given', async () => {
    const { code, said } = await dialogue(
      ['two', 'others-after'],
      [
        ['ready', 'SIGTERM'],
        ['other heard', 'line'],
        ['closed a', 'line'],
      ],
    )
    expect({ code, said }).toEqual({
      code: 0,
      said: [
        ...['ready', 'other heard', 'closed a: 1 completed, 0 cancelled', 'closed b: 1 completed, 0 cancelled'],
        'exit 0 with 1,0',
      ],
    })
  })

  it('ends the process with 1 where something cannot be closed, and says why', async () => {
    const { code, said, stderr } = await dialogue(
      ['broken', 'others-after'],
      [
        ['ready', 'SIGTERM'],
        ['other', 'line'],
      ],
    )
    expect(code).toBe(1)
    expect(said).toContain('closed a: 1 completed, 0 cancelled')
    expect(stderr).toContain('taskward: close() failed on SIGTERM: Error: cannot')
  })

  it('takes its listeners away when all is closed, and leaves the process to others: exit: false', async () => {
    const { code, signal, said } = await dialogue(
      ['no-exit', 'others-after'],
      [
        ['ready', 'SIGTERM'],
        ['other heard', 'line'],
      ],
    )
    expect({ code, signal }).toEqual({ code: 0, signal: null })
    expect(said.at(-1)).toBe('exit 0 with 1,0')
  })
})

describe('a second signal', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends the process at once, with the code of the signal: %s', async (signal, expected) => {
    const { code, said, stderr } = await dialogue(
      ['others-after'],
      [
        ['ready', 'SIGTERM'],
        ['other heard', signal],
      ],
    )
    expect(code).toBe(expected)
    expect(said.filter((line) => line.startsWith('closed'))).toEqual([])
    expect(stderr).toContain("taskward: the process ends while tasks live: 1 of 'a' (held)")
  })

  it('is raised again where nobody else listens: exit: false', async () => {
    const { code, signal } = await dialogue(
      ['no-exit', 'others-after'],
      [
        ['ready', 'SIGTERM'],
        ['other heard', 'SIGINT'],
      ],
    )
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGINT' })
  })

  it('is left to others where they listen: exit: false', async () => {
    const { code, signal, said } = await dialogue(
      ['no-exit', 'others-after'],
      [
        ['ready', 'SIGTERM'],
        ['other heard', 'SIGTERM'],
        ['other heard\nother heard', 'line'],
      ],
    )
    expect({ code, signal }).toEqual({ code: 0, signal: null })
    expect(said.filter((line) => line === 'other heard')).toHaveLength(2)
  })
})

const listening = () => (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((signal) => process.listenerCount(signal))

describe('the listeners', () => {
  it('are one a signal for a hundred supervisors, and go when the last is released or closed', async () => {
    const before = listening()
    const supervisors = Array.from({ length: 100 }, () => new TaskSupervisor())
    const releases = supervisors.map((supervisor) => closeOnSignals(supervisor, { signals: ['SIGTERM', 'SIGHUP'] }))
    expect(listening()).toEqual([before[0]! + 1, before[1], before[2]! + 1])
    for (const release of releases.slice(0, 50)) release()
    releases[50]![Symbol.dispose]()
    expect(listening()).toEqual([before[0]! + 1, before[1], before[2]! + 1])
    await Promise.all(supervisors.slice(51).map((supervisor) => supervisor.close()))
    expect(listening()).toEqual(before)
    for (const release of releases) release()
    expect(listening()).toEqual(before)
  })

  it('are not added for a supervisor that is closed', async () => {
    const before = listening()
    const supervisor = new TaskSupervisor()
    await supervisor.close()
    closeOnSignals(supervisor)()
    expect(listening()).toEqual(before)
  })

  it('close what is given while others are being closed, too', async () => {
    const first = new TaskSupervisor()
    const held = hold(first)
    closeOnSignals(first, { signals: ['SIGHUP'], exit: false })
    const [listener] = process.listeners('SIGHUP')
    ;(listener as (signal: string) => void)('SIGHUP')
    const second = new TaskSupervisor()
    closeOnSignals(second, { signals: ['SIGHUP'], exit: false })
    await turns()
    expect([first, second].map((supervisor) => supervisor.status().state)).toEqual(['draining', 'closed'])
    held.resolve()
    await turns()
    expect(first.status().state).toBe('closed')
    expect(process.listenerCount('SIGHUP')).toBe(0)
  })

  it.each<[string, unknown, unknown]>([
    ['closeOnSignals().supervisor: expected an object with close(), got undefined', undefined, {}],
    ['closeOnSignals().signals: expected an array of names of signals', { close: () => undefined }, { signals: [] }],
    ['closeOnSignals().signals: expected', { close: () => undefined }, { signals: ['SIGKILL'] }],
    ['closeOnSignals().timeout: expected whole milliseconds', { close: () => undefined }, { timeout: -1 }],
    [
      'closeOnSignals().exits: unknown option "exits"; did you mean \'exit\'?',
      { close: () => undefined },
      { exits: true },
    ],
  ])('are not added for misuse: %s', (message, supervisor, options) => {
    const before = listening()
    expect(() => closeOnSignals(supervisor as never, options as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message) }),
    )
    expect(listening()).toEqual(before)
  })
})
