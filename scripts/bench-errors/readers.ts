import { err } from 'pino-std-serializers'
import { serializeError } from 'serialize-error'
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { normalizeError } from '../../src/core/normalize-error.js'

const tracer = new BasicTracerProvider().getTracer('bench')

const recordedBy = (thrown: unknown): unknown => {
  const span = tracer.startSpan('task')
  span.recordException(thrown as Error)
  return (span as unknown as ReadableSpan).events.at(-1)?.attributes
}

/** Ways to read what was thrown, under the names of their packages. */
export const READERS = {
  taskward: (thrown: unknown): unknown => normalizeError(thrown),
  'serialize-error': (thrown: unknown): unknown => serializeError(thrown),
  pino: (thrown: unknown): unknown => err(thrown as Error),
  OpenTelemetry: recordedBy,
}

export type ReaderName = keyof typeof READERS
export const READER_NAMES = Object.keys(READERS) as ReaderName[]
