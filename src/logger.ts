/** Anything shaped like `console`. A method that throws or rejects is reported as `hook:error`. */
export interface Logger {
  debug(message: string, fields: Record<string, unknown>): unknown
  info(message: string, fields: Record<string, unknown>): unknown
  warn(message: string, fields: Record<string, unknown>): unknown
  error(message: string, fields: Record<string, unknown>): unknown
}

export type LogLevel = keyof Logger
