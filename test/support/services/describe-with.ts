import { describe } from 'vitest'
import type { Service } from './service.js'

/**
 * `describe` for tests that need a server. Without one they are skipped, and the title says why; under
 * `TASKWARD_REQUIRE_SERVICES=1` that is a failure.
 */
export function describeWith(service: Service, title: string, tests: (url: string) => void): void {
  if (service.url !== null) {
    describe(title, () => {
      tests(service.url)
    })
    return
  }
  const line = `${title} (skipped: ${service.why})`
  if (process.env['TASKWARD_REQUIRE_SERVICES'] === '1') throw new Error(line)
  console.log(line)
  describe.skip(line, () => {
    tests('')
  })
}
