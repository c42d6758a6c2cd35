import { TaskOptionError } from '../core/errors.js'
import type { ServiceFunction, ServiceHandle } from '../service.js'
import type { ServiceStatus } from '../status.js'
import { nextTurn, ProcessHold } from './clock.js'
import { SupervisedServiceHandle } from './service-handle.js'
import { Service, type ServiceHost, type ServiceSettings } from './service.js'

export interface ServicesParts extends Pick<
  ServiceHost,
  'clock' | 'announcer' | 'sanitizer' | 'context' | 'spawn' | 'closeScope'
> {
  readonly keepAlive: boolean
  /** Of a scope: whether that has been cancelled for good; and told when a service lives in it, and when none does any more. */
  readonly isCancelled?: () => boolean
  readonly onLive?: () => void
  readonly onEmpty?: () => void
}

/** How many services that have ended are remembered. */
const MOST_ENDED = 100

/** What is kept back of the time for `close`: a tenth, and no more than this. */
const MOST_RESERVED_MS = 1_000

/** The services of one supervisor, or of one scope: with them go those of the scopes within it. */
export class Services {
  readonly #parts: ServicesParts
  readonly #host: ServiceHost
  /** By name, in order of start. */
  readonly #live = new Map<string, Service>()
  /** By name, in the order in which they ended. */
  readonly #ended = new Map<string, Service>()
  /** Those of scopes within that have ended, oldest first. */
  readonly #endedWithin = new Set<Service>()
  readonly #hold = new ProcessHold()
  readonly #parent: Services | null
  /** Those within it that have a live service. */
  readonly #children = new Set<Services>()
  #order = 0
  #hasBegunToClose = false

  constructor(parts: ServicesParts, parent: Services | null = null) {
    this.#parts = parts
    this.#parent = parent
    const isClosing = (): boolean => this.#isClosing
    this.#host = {
      ...parts,
      get isClosing() {
        return isClosing()
      },
      ended: (service) => {
        this.#leave(service)
      },
      readmit: (service) => this.#readmit(service),
    }
  }

  /** @throws TaskOptionError `OPTION_INVALID` where a service of that name lives */
  supervise(settings: ServiceSettings, fn: ServiceFunction): ServiceHandle {
    const { name } = settings
    if (this.#live.has(name)) {
      throw new TaskOptionError('supervise().name', `there is a live service with the name '${name}'`)
    }
    const service = new Service(settings, fn, this.#host)
    if (this.#isClosing) {
      service.refuse()
      this.#parts.announcer.log('warn', 'service was not started: its supervisor is closing or closed', { name })
    } else {
      this.#enter(service)
      service.start()
    }
    return new SupervisedServiceHandle(service)
  }

  /** In order of start. */
  status(): ServiceStatus[] {
    return [...this.#all(), ...this.#ended.values(), ...this.#endedWithin]
      .sort((a, b) => a.order - b.order)
      .map((service) => service.status())
  }

  /** How much of so many milliseconds `endClose` wants to be left of them. */
  reserveOf(budgetMs: number): number {
    return this.#size > 0 ? Math.min(MOST_RESERVED_MS, budgetMs / 10) : 0
  }

  /** The end, before the tasks': nothing new is started, and those with `stopOnClose: 'first'` are told to stop. */
  beginClose(): void {
    this.#hasBegunToClose = true
    for (const service of this.#those('first')) void service.close(Infinity)
  }

  /** The end, after the tasks': the others stop one after the other. When `leftMs` is 0 what still runs is aborted and given up. */
  async endClose(leftMs: () => number): Promise<void> {
    const hasTime = (): boolean => leftMs() > 0
    if (hasTime()) await Promise.all(this.#those('first').map((service) => service.close(leftMs())))
    for (const service of this.#those('last').reverse()) if (hasTime()) await service.close(leftMs())
    const rest = this.#all()
    if (rest.length === 0) return
    for (const service of rest.reverse()) void service.close(Infinity)
    // For those that stop as soon as they are told.
    await new Promise<void>(nextTurn)
    for (const service of rest) service.giveUp()
  }

  get #isClosing(): boolean {
    if (this.#hasBegunToClose || this.#parts.isCancelled?.()) return true
    return this.#parent !== null && this.#parent.#isClosing
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  get #size(): number {
    return this.#live.size + this.#children.size
  }

  /** Those that live, also in scopes within, in order of start. */
  #all(): Service[] {
    const all = [...this.#live.values()]
    for (const child of this.#children) all.push(...child.#all())
    return all.sort((a, b) => a.order - b.order)
  }

  /** One order for all of a supervisor. */
  #nextOrder(): number {
    return this.#parent === null ? this.#order++ : this.#parent.#nextOrder()
  }

  /** Those above know of it only while it has a live service. */
  #appear(): void {
    this.#parts.onLive?.()
    if (this.#parent === null) return
    this.#parent.#children.add(this)
    this.#parent.#appear()
  }

  #vanish(): void {
    if (this.#size > 0) return
    this.#parts.onEmpty?.()
    if (this.#parent === null) return
    this.#parent.#children.delete(this)
    this.#parent.#vanish()
  }

  #those(stopOnClose: 'first' | 'last'): Service[] {
    return this.#all().filter(({ settings }) => settings.stopOnClose === stopOnClose)
  }

  #enter(service: Service): void {
    const { name } = service.settings
    const former = this.#ended.get(name)
    this.#ended.delete(name)
    for (let above = this.#parent; above !== null; above = above.#parent) {
      if (former) above.#endedWithin.delete(former)
      above.#endedWithin.delete(service)
    }
    this.#live.set(name, service)
    service.order = this.#nextOrder()
    this.#appear()
    if (this.#parts.keepAlive) this.#hold.hold()
  }

  #leave(service: Service): void {
    const { name } = service.settings
    this.#live.delete(name)
    this.#ended.set(name, service)
    if (this.#live.size === 0) this.#hold.release()
    this.#vanish()
    for (let above = this.#parent; above !== null; above = above.#parent) above.#remember(service)
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= MOST_ENDED) break
      this.#ended.delete(oldest)
    }
  }

  #remember(service: Service): void {
    this.#endedWithin.add(service)
    for (const oldest of this.#endedWithin) {
      if (this.#endedWithin.size <= MOST_ENDED) break
      this.#endedWithin.delete(oldest)
    }
  }

  #readmit(service: Service): boolean {
    if (this.#live.has(service.settings.name)) {
      const { name } = service.settings
      this.#parts.announcer.log('warn', 'service was not started anew: another of its name lives', { name })
      return false
    }
    this.#enter(service)
    return true
  }
}
