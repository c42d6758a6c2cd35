import { mutation, type Mutation } from './mutation.js'

const INTAKE = 'runtime/intake.ts'
const RESTARTS = 'core/restarts.ts'
const SCOPE = 'runtime/scope.ts'
const SERVICE = 'runtime/service.ts'
const SERVICES = 'runtime/services.ts'

export const SERVICE_MUTATIONS: readonly Mutation[] = [
  mutation(
    'restart limit off by one',
    'a service is restarted once more than it may be',
    RESTARTS,
    'restarts >= maxRestarts',
    'restarts > maxRestarts',
  ),
  mutation(
    'window of restarts too long',
    'a restart that is long past counts toward the limit',
    RESTARTS,
    'nowMono - startMono < within',
    'nowMono - startMono <= within',
  ),
  mutation(
    'transient service restarted after success',
    'work that is done is done again',
    RESTARTS,
    "restart === 'temporary' || (restart === 'transient' && !hasFailed)",
    "restart === 'temporary'",
  ),
  mutation(
    'limit of a service closes nothing',
    'a scope lives on without the service that it needs',
    SERVICE,
    "if (onLimit === 'close') this.#host.closeScope()\n",
    '',
  ),
  mutation(
    'stop does not outlast a restart',
    'a service that was stopped is started again',
    SERVICE,
    "this.#afterStop = 'end'\n    if (this.#run === null) this.#end('stopped', null)",
    "if (this.#run === null) this.#end('stopped', null)",
  ),
  mutation(
    "service's grace not armed",
    'a service that does not stop is waited for without end',
    SERVICE,
    'this.#alarm.bringForward(graceMs, ',
    'this.#alarm.bringForward(Infinity, ',
  ),
  mutation(
    'services stopped in the order of their start',
    'a service stops before those that need it',
    SERVICES,
    "this.#those('last').reverse()",
    "this.#those('last')",
  ),
  mutation(
    'services stopped all at once',
    'a service stops while those that need it still run',
    SERVICES,
    'reverse()) if (hasTime()) await service.close(leftMs())',
    'reverse()) if (hasTime()) void service.close(leftMs())',
  ),
]

export const SCOPE_CLOSING_MUTATIONS: readonly Mutation[] = [
  mutation(
    'scope that drains takes in what other tasks spawn',
    'its closing waits for work that is none of its own',
    INTAKE,
    'spawner !== null && scope.holds(spawner.scope)',
    'spawner !== null',
  ),
  mutation(
    'closed scope takes tasks in',
    'work starts that nobody awaits',
    INTAKE,
    "scope.intake === 'nobody' || (scope.intake",
    '(scope.intake',
  ),
  mutation(
    'second closing gives more time than the first',
    'one closing keeps the other from its time',
    'runtime/stragglers.ts',
    'isLimited ? Math.min(run.dueAt, endsAt) : endsAt',
    'endsAt',
  ),
  mutation(
    'services outlive the abort of their scope',
    'a service runs on though its caller has gone',
    SCOPE,
    'void this.services.endClose(() => Math.max(0, startedMono + this.#graceMs - clock.monotonic()))',
    'void startedMono',
  ),
]
