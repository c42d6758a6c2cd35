import * as rules from '../core/option-rules.js'
import { wantSites } from '../runtime/spawn-sites.js'
import type { TaskSupervisor } from '../supervisor.js'
import { addCapture } from './rejection-watch.js'

export interface CaptureOptions {
  /**
   * Whether a rejection counts as handled once it is recorded, so that the process goes on. With Node's
   * `--unhandled-rejections=strict` it does not, and with `warn` Node warns all the same.
   *
   * @default false
   */
  handle?: boolean | undefined
}

/** The defaults of {@link CaptureOptions}. */
export const CAPTURE_DEFAULTS = { handle: false } as const

/** What records rejections: a `TaskSupervisor`. */
export type CapturingSupervisor = Pick<TaskSupervisor, 'instanceId' | 'spawn' | 'status' | 'on' | 'off'>

/** Ends the capture. */
export interface ReleaseCapture extends Disposable {
  (): void
}

const RULES = { handle: rules.booleanRule } satisfies rules.Rules

/**
 * Records every rejection of the process that nobody handled as a failed task named `unhandledRejection`: counted, logged, in
 * `errors()`, and told to `onError` once. Its metadata says where it came from: `task`, `taskName` and `site`, which is where
 * that task was spawned, when the promise was made in the async context of a task; else `site` is the first frame of the
 * error's stack. Each rejection is recorded once: by the supervisor whose task it came from, where that captures, else by the
 * first that does. One that is handled later stays recorded.
 *
 * Changes nothing in what Node does, unless asked by `handle`: without a handler of yours the process dies as it would have,
 * and a store that can write at once has the record by then. Costs each spawn of the supervisor an `Error`. Ends with the
 * supervisor.
 *
 * @throws TaskOptionError `OPTION_INVALID`
 * @example
 * ```ts
 * import { captureUnhandledRejections, TaskSupervisor } from 'taskward'
 *
 * const supervisor = new TaskSupervisor()
 * captureUnhandledRejections(supervisor)
 * ```
 */
export function captureUnhandledRejections(supervisor: CapturingSupervisor, options?: CaptureOptions): ReleaseCapture {
  const needed = rules.objectWith('spawn', 'status', 'on', 'off')
  rules.checkValue('captureUnhandledRejections().supervisor', supervisor, needed)
  const given = rules.checkOptions('captureUnhandledRejections()', options, RULES) as CaptureOptions
  const { handle } = { ...CAPTURE_DEFAULTS, ...given }
  if (supervisor.status({ tasks: 0 }).state === 'closed') return disposable(() => undefined)
  const forgetSites = wantSites(supervisor.instanceId)
  const removeCapture = addCapture({ supervisor, handles: handle! })
  const release = (): void => {
    supervisor.off('supervisor:closed', release)
    removeCapture()
    forgetSites()
  }
  supervisor.on('supervisor:closed', release)
  return disposable(release)
}

const disposable = (release: () => void): ReleaseCapture =>
  Object.assign(
    () => {
      release()
    },
    { [Symbol.dispose]: release },
  )
