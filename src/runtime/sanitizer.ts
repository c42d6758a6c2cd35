import { deepFreeze } from '../core/freeze.js'
import { jsonForm, type JsonForm } from '../core/json-form.js'
import { normalizeError } from '../core/normalize-error.js'
import type { JsonValue, TaskError } from '../core/record.js'
import { createRedactor, type Redact, type Redactor } from '../core/redact.js'

/** What goes into records, events and logs goes through here, once, so that no reader can meet a secret. */
export class Sanitizer {
  readonly #redactor: Redactor

  readonly #maxResultBytes: number

  constructor(redact: Redact, maxResultBytes: number) {
    this.#redactor = createRedactor(redact)
    this.#maxResultBytes = maxResultBytes
  }

  /** Whatever was thrown, as a frozen TaskError. */
  error(thrown: unknown): TaskError {
    return deepFreeze(normalizeError(thrown, { redact: this.#redactor }))
  }

  /** What a function has come to, as frozen JSON. */
  result(value: unknown): JsonForm {
    const form = jsonForm(value, this.#maxResultBytes)
    return form.fault === null ? { value: deepFreeze(this.#redactor.redactValue(form.value)), fault: null } : form
  }

  /** Frozen data of the caller's, without its secrets. */
  metadata(metadata: Readonly<Record<string, JsonValue>>): Record<string, JsonValue> {
    return deepFreeze(this.#redactor.redactValue(metadata)) as Record<string, JsonValue>
  }
}
