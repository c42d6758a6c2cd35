import { logTextOfError } from '../core/log-text.js'
import { normalizeError } from '../core/normalize-error.js'
import { runInNext, stepInContext, taskInContext } from '../runtime/context.js'
import { LiveTask } from '../runtime/live-task.js'
import { spawnOf } from '../runtime/spawn-sites.js'
import type { TaskSupervisor } from '../supervisor.js'
import { complain } from './complain.js'
import { firstFrame } from './first-frame.js'

export interface Capture {
  readonly supervisor: Pick<TaskSupervisor, 'instanceId' | 'spawn' | 'status'>
  /** Whether Node is to take what is recorded for handled. */
  readonly handles: boolean
}

const captures = new Set<Capture>()

/** How many rejections in a row may each come of telling about the one before: more would never end. */
const MAX_CHAIN = 10

/** Known to a second copy of the package: the listeners of both would else each take the other's for the user's. */
const MARK = Symbol.for('taskward.onRejection')
const onRejection = Object.assign((reason: unknown): void => record(reason), { [MARK]: true })

/** Starts recording. Gives what ends it. */
export function addCapture(capture: Capture): () => void {
  if (captures.size === 0) {
    process.on('uncaughtExceptionMonitor', onDying)
    process.on('newListener', onAdded)
    process.on('removeListener', onRemoved)
  }
  captures.add(capture)
  listen(hasOthers())
  return () => {
    if (!captures.delete(capture)) return
    if (captures.size === 0) {
      process.off('uncaughtExceptionMonitor', onDying)
      process.off('newListener', onAdded)
      process.off('removeListener', onRemoved)
    }
    listen(hasOthers())
  }
}

/**
 * A listener for `unhandledRejection` is what Node takes for a handler. So ours is there only where that makes no difference:
 * beside one of the user's, in the modes in which Node goes on anyway, and where it is meant to make one.
 */
function listen(hasOthers: boolean): void {
  const mode = rejectionsMode()
  const isHarmless = hasOthers || mode === 'warn' || mode === 'none' || [...captures].some(({ handles }) => handles)
  // In strict mode Node raises it as an exception first, where it is recorded already.
  const isWanted = captures.size > 0 && isHarmless && mode !== 'strict'
  const isThere = process.listeners('unhandledRejection').includes(onRejection)
  if (isWanted && !isThere) process.on('unhandledRejection', onRejection)
  if (!isWanted && isThere) process.off('unhandledRejection', onRejection)
}

const hasOthers = (): boolean => process.listeners('unhandledRejection').some((listener) => !(MARK in listener))

function onAdded(event: string | symbol, listener: object): void {
  if (event === 'unhandledRejection' && !(MARK in listener)) listen(true)
}

function onRemoved(event: string | symbol, listener: object): void {
  if (event === 'unhandledRejection' && !(MARK in listener)) listen(hasOthers())
}

/** Where no listener has taken it, Node raises it as an exception, of which the process dies unless somebody handles that. */
function onDying(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
  if (origin === 'unhandledRejection') record(error)
}

function record(reason: unknown): void {
  try {
    const context = taskInContext()
    const task = context instanceof LiveTask ? context : null
    const capture = captureFor(task)
    if (!capture) return
    if (stepInContext() >= MAX_CHAIN) {
      complain(
        `taskward: an unhandled rejection came of telling about another and is not recorded: ${logTextOfError(normalizeError(reason))}`,
      )
      return
    }
    const from = task && { task: task.id, taskName: task.settings.name }
    const site = (task && firstFrame(spawnOf(task))) ?? firstFrame(reason)
    // Rejects before it returns, so that a process that dies of it has the outcome.
    const rejected: object = {
      then: (_: unknown, reject: (reason: unknown) => void) => {
        reject(reason)
      },
    }
    runInNext(() =>
      capture.supervisor.spawn(rejected as PromiseLike<never>, {
        name: 'unhandledRejection',
        metadata: { ...from, ...(site !== undefined && { site }) },
      }),
    )
  } catch (thrown) {
    // Thrown from here, it would take the place of what the process dies of.
    complain(`taskward: an unhandled rejection could not be recorded: ${logTextOfError(normalizeError(thrown))}`)
  }
}

/** Whose task it came from, else the first that takes work from outside. */
function captureFor(task: LiveTask | null): Capture | undefined {
  const states = new Map([...captures].map((capture) => [capture, capture.supervisor.status({ tasks: 0 }).state]))
  const takes = (capture: Capture): boolean => states.get(capture) !== 'closed' && states.get(capture) !== 'draining'
  const own = [...captures].find(({ supervisor }) => supervisor.instanceId === task?.instanceId)
  const isFromLive = task !== null && !task.isSettled
  if (own && (takes(own) || (isFromLive && states.get(own) === 'draining'))) return own
  return [...captures].find(takes)
}

/** Node's `--unhandled-rejections`, of the command line or else of `NODE_OPTIONS`. */
function rejectionsMode(): string {
  const words = [...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/), ...process.execArgv]
  return words.reduce((mode, word, index) => {
    const found = /^--unhandled[-_]rejections(?:=(.*))?$/.exec(word)
    return found ? (found[1] ?? words[index + 1] ?? mode) : mode
  }, 'throw')
}
