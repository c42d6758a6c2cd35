/** The `describe` of vitest, Jest or node:test. */
export type SuiteDescribe = (name: string, define: () => void | Promise<void>) => unknown

/** The `it` of vitest, Jest or node:test. The last ignores the third argument, and has no limit by default. */
export interface SuiteIt {
  (name: string, run: () => Promise<void>, timeoutMs?: number): unknown
  skip: (name: string, run: () => Promise<void>) => unknown
}

export interface SuiteRunner {
  readonly describe: SuiteDescribe
  readonly it: SuiteIt
}

export type GivenRunner = { [K in keyof SuiteRunner]?: SuiteRunner[K] | undefined }

/**
 * Takes the runner that runs this very file: its globals, or vitest's own module where it was told to set none (there is no
 * other way to it from a package that does not depend on it), else Node's.
 */
export function findRunner({ describe, it }: GivenRunner): SuiteRunner {
  if (describe && it) return { describe, it }
  const vitest = (globalThis as { __vitest_index__?: unknown }).__vitest_index__
  const found = [globalThis, vitest].find(isRunner) ?? process.getBuiltinModule('node:test')
  return { describe: describe ?? found.describe, it: it ?? found.it }
}

const isRunner = (value: unknown): value is SuiteRunner =>
  typeof value === 'object' &&
  value !== null &&
  ['describe', 'it'].every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
