import { mutation, type Mutation } from './mutation.js'

const CHILDREN = 'runtime/children.ts'
const DEPENDENCIES = 'runtime/dependencies.ts'
const ENTRANCE = 'runtime/entrance.ts'
const RECEPTION = 'runtime/reception.ts'

export const FAMILY_MUTATIONS: readonly Mutation[] = [
  mutation(
    'children outlive a cancelled parent',
    'what was cancelled goes on in its children',
    CHILDREN,
    "parent.status === 'cancelled' || (parent.isSettled",
    '(parent.isSettled',
  ),
  mutation(
    'children end with any parent',
    'work that a task has left behind is lost when it has done its own',
    CHILDREN,
    "child.settings.onParentEnd === 'cancel'",
    'true',
  ),
  mutation(
    'child of a cancelled parent is taken in',
    'a task that was told to stop goes on by spawning',
    RECEPTION,
    'return this.#parts.pipeline.relations.bornCancelled(task, parent)',
    'return null',
  ),
  mutation(
    'dependency not waited for',
    'a task starts before those it comes after',
    ENTRANCE,
    'if (task.dependencies) dependencies.hold(task)',
    '',
  ),
  mutation(
    'failed dependency lets it run',
    'a task runs on the result of one that has failed',
    DEPENDENCIES,
    "end.isCompleted || task.settings.onDependencyFailure === 'run'",
    'true',
  ),
  mutation(
    'first of several dependencies is enough',
    'a task starts before all that it comes after have ended',
    DEPENDENCIES,
    '!task.waitsFor || task.waitsFor.size > 0',
    '!task.waitsFor',
  ),
  {
    name: 'duplicate taken in',
    breaks: 'the same work runs twice',
    edits: [
      {
        file: `src/${RECEPTION}`,
        find: "holder && settings.dedupe.on === 'reject'",
        replace: "holder && settings.dedupe.on === 'reject' && holder.isSettled",
      },
      {
        file: `src/${RECEPTION}`,
        find: 'const replaces = takesKey ?',
        replace: "const replaces = takesKey && settings.dedupe?.on === 'replace' ?",
      },
    ],
  },
  mutation(
    'replaced task runs on',
    'old work runs beside what replaces it',
    'runtime/pipeline.ts',
    "else if (entry.replaces) this.#stop(entry.replaces, reasons.replaced(entry.replaces), 'cancelled')\n",
    '',
  ),
  mutation(
    'key never free again',
    'work is refused for the sake of a task that has long ended',
    'runtime/dedupe-keys.ts',
    'this.#holders.delete(dedupe.key)',
    'this.#holders.get(dedupe.key)',
  ),
]

export const SCOPE_MUTATIONS: readonly Mutation[] = [
  mutation(
    'cap of an outer scope not heeded',
    'scopes within a scope together exceed its cap',
    'runtime/scope-node.ts',
    'this.caps = this.gates.filter',
    'this.caps = [this.gate].filter',
  ),
  mutation(
    'scope cancelled without those within it',
    'work goes on in a scope that was cancelled',
    'runtime/scope-node.ts',
    'pending.push(...scope.scopes)',
    '',
  ),
  mutation(
    'scope takes tasks in after its abort',
    'work starts in a scope whose caller has gone',
    RECEPTION,
    'if (scope.cancelled) return reasons.cancelled(task, scope.cancelled.reason)\n',
    '',
  ),
]
