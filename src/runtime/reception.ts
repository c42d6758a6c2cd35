import type { Clock } from '../clock.js'
import type { TaskwardError } from '../core/errors.js'
import type { TaskFunction } from '../work.js'
import type { Announcer } from './announcer.js'
import { linkCaller, type CallerLink } from './caller-signals.js'
import type { Intake } from './intake.js'
import { LiveTask, type TaskScopeNode } from './live-task.js'
import type { Pipeline } from './pipeline.js'
import * as reasons from './reasons.js'
import type { Sanitizer } from './sanitizer.js'
import { rememberSite } from './spawn-sites.js'
import type { TaskSettings } from './task-settings.js'
import { whenSettled } from './thenable.js'

/** What a spawn asks for: the task's settings, and what is not part of them. */
export interface SpawnRequest {
  readonly settings: TaskSettings
  readonly id: string | null
  readonly signal: AbortSignal | null
  readonly dependencies: readonly (LiveTask | string)[] | null
}

/** Where a spawn comes from. */
export interface Origin {
  readonly scope: TaskScopeNode | null
  readonly parent: LiveTask | null
}

export interface ReceptionParts {
  readonly clock: Clock
  readonly announcer: Announcer
  readonly intake: Intake
  readonly pipeline: Pipeline
  readonly sanitizer: Sanitizer
  readonly instanceId: string
  readonly isAhead: boolean
  readonly stamp: (nowMs: number) => number
  readonly makeId: (task: LiveTask, stamp: number) => string
  /** Told when there is a new task, before anybody hears of it. */
  readonly onTask: () => void
}

/** How work becomes a task: linked to its caller's signal, held against who lives, and handed to the pipeline. */
export class Reception {
  readonly #parts: ReceptionParts
  #order = 0

  constructor(parts: ReceptionParts) {
    this.#parts = parts
  }

  /** @throws TaskOptionError `OPTION_INVALID` when the caller's signal cannot be listened to; nothing has happened then */
  spawn(request: SpawnRequest, work: TaskFunction<unknown> | PromiseLike<unknown>, origin: Origin): LiveTask {
    const { pipeline, intake, onTask } = this.#parts
    const { settings, id, signal } = request
    const holder = settings.dedupe ? pipeline.relations.keys.holderOf(settings.dedupe.key) : undefined
    if (holder && settings.dedupe!.on === 'reuse') {
      this.#leaveAside(work)
      return holder
    }
    const caller = signal && this.#link(signal)
    const task = this.#make(request, origin)
    if (caller) {
      caller.task = task
      task.unlinkSignal = caller.link.unlink
    }
    rememberSite(task)
    onTask()
    const isDuplicate = id !== null && intake.isDuplicate(task)
    const bornCancelled = this.#bornCancelled(task, origin, caller?.link)
    let refusal = isDuplicate ? reasons.duplicate(task) : intake.refusalOf(task)
    const wantsKey = !refusal && !bornCancelled && settings.dedupe !== null
    if (wantsKey && holder && settings.dedupe.on === 'reject') refusal = reasons.keyTaken(task)
    const takesKey = wantsKey && !refusal
    // From now on the key is its own: whoever hears of what follows, and spawns for that key, meets the new task.
    if (takesKey) pipeline.relations.keys.take(task)
    const replaces = takesKey ? (holder ?? null) : null
    pipeline.spawn(task, work, { refusal, isDuplicate, bornCancelled, replaces })
    return task
  }

  #make({ settings, id, dependencies }: SpawnRequest, { scope, parent }: Origin): LiveTask {
    const { clock, instanceId, isAhead, makeId, sanitizer, stamp } = this.#parts
    const atMs = clock.now()
    const task = new LiveTask(this.#order++, settings, {
      id,
      scope,
      parent,
      dependencies,
      instanceId,
      makeId,
      stamp: stamp(atMs),
      atMs,
      atMono: clock.monotonic(),
      metadata: sanitizer.metadata(settings.metadata),
    })
    task.isAhead = isAhead
    return task
  }

  /** Why it is cancelled as soon as it is there: its caller's signal, its parent or a scope it is in has been. */
  #bornCancelled(task: LiveTask, { parent }: Origin, link: CallerLink | undefined): TaskwardError | null {
    if (link?.hasAborted) return reasons.cancelled(task, link.reason)
    for (let scope = task.scope; scope !== null; scope = scope.parent) {
      if (scope.cancelled) return reasons.cancelled(task, scope.cancelled.reason)
    }
    return this.#parts.pipeline.relations.bornCancelled(task, parent)
  }

  /** A promise that runs already, though the live task of its key is taken in its place: its failure must not be lost. */
  #leaveAside(work: unknown): void {
    whenSettled(
      typeof work === 'function' ? undefined : work,
      () => undefined,
      (reason) => {
        this.#parts.announcer.hookFailed('a promise for which dedupe took the live task', reason)
      },
    )
  }

  #link(signal: AbortSignal): { task: LiveTask | null; link: CallerLink } {
    const { sweep } = this.#parts.pipeline
    const tasks = (): LiveTask[] => (caller.task ? [caller.task] : [])
    const caller: { task: LiveTask | null; link: CallerLink } = {
      task: null,
      link: linkCaller(signal, { sweep, tasks }),
    }
    return caller
  }
}
