import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    // One worker is left to itself while it waits for a process, a database or a clock.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    globalSetup: ['test/support/services/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
    // A test that only passes after another one is a defect; a failure prints the seed to repeat it with.
    sequence: { shuffle: { files: false, tests: true } },
    // No test measures time by this: it is for one that hangs, also on a machine that is busy with something else.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
  },
})
