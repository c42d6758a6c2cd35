import type { TaskFilter } from './core/query.js'
import * as options from './options.js'
import type { Assembly } from './runtime/assembly.js'
import type { TaskScopeNode } from './runtime/live-task.js'
import type { Scope } from './runtime/scope.js'
import type { ScopeOptions, TaskScope } from './scope.js'
import type { ServiceFunction, ServiceHandle, ServiceOptions } from './service.js'
import { Spawner } from './spawner.js'
import type { SupervisorStatus } from './status.js'
import type { CloseOptions, CloseReport, DrainOptions, RunFunction, SpawnFunction } from './work.js'

/** Which spawner a task's children go through. */
export type Spawners = WeakMap<TaskScopeNode, Spawner>

export class SupervisedScope implements TaskScope {
  readonly name: string
  readonly spawn: SpawnFunction
  readonly run: RunFunction
  readonly #parts: Assembly
  readonly #scope: Scope
  readonly #spawner: Spawner
  readonly #spawners: Spawners

  /** @throws TaskOptionError `OPTION_INVALID` */
  constructor(
    parts: Assembly,
    spawners: Spawners,
    around: { readonly scope: Scope | null; readonly defaults: options.SpawnDefaults },
    given: { readonly name: string; readonly options: ScopeOptions | undefined },
  ) {
    const { settings, defaults } = options.resolveScope(given.name, given.options, around.defaults)
    const scope = (this.#scope = parts.scope(around.scope, settings, {
      spawn: (work, own) => this.spawn(work, own),
      closeScope: () => void this.close(),
    }))
    const spawner = (this.#spawner = new Spawner(parts, defaults, scope.node))
    spawners.set(scope.node, spawner)
    this.#parts = parts
    this.#spawners = spawners
    this.name = settings.name
    this.spawn = (work, own) => spawner.spawn(work, own)
    this.run = (work, own) => spawner.run(work, own)
  }

  scope(name: string, given?: ScopeOptions): TaskScope {
    const around = { scope: this.#scope, defaults: this.#spawner.defaults }
    return new SupervisedScope(this.#parts, this.#spawners, around, { name, options: given })
  }

  supervise(name: string, fn: ServiceFunction, given?: ServiceOptions): ServiceHandle {
    return this.#scope.services.supervise(options.resolveService(name, fn, given, this.#spawner.defaults), fn)
  }

  status(given?: { tasks?: number | undefined }): SupervisorStatus {
    return this.#scope.status(options.resolveStatus(given).tasks)
  }

  cancel(target: string | TaskFilter, reason?: unknown): number {
    return this.#spawner.cancel(target, reason, this.#scope)
  }

  cancelAll(reason?: unknown): number {
    return this.#scope.cancelWhere(() => true, reason)
  }

  async onIdle(): Promise<void> {
    await this.#scope.rested(Infinity)
  }

  async drain(given?: DrainOptions): Promise<boolean> {
    return this.#scope.rested(options.resolveDrain(given).timeout)
  }

  async close(given?: CloseOptions): Promise<CloseReport> {
    return this.#scope.close(options.resolveClose(given))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
