import type { ServiceEnd, ServiceHandle } from '../service.js'
import type { ServiceStatus } from '../status.js'
import type { Service } from './service.js'

export class SupervisedServiceHandle implements ServiceHandle {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  get name(): string {
    return this.#service.settings.name
  }

  get settled(): Promise<ServiceEnd> {
    return this.#service.settled
  }

  status(): ServiceStatus {
    return this.#service.status()
  }

  restart(): void {
    this.#service.restart()
  }

  stop(reason?: unknown): Promise<void> {
    return this.#service.stop(reason)
  }
}
