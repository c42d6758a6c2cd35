import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MUTATIONS } from '../../scripts/mutations/catalogue.js'
import { faultsOf } from '../../scripts/mutations/mutation.js'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'testing-the-core.md'), 'utf8')

describe('the catalogue of mutations', () => {
  it('fits the code: each text that is to be replaced stands there once', () => {
    expect(MUTATIONS.flatMap(faultsOf)).toEqual([])
  })

  it('is the table of docs/testing-the-core.md', () => {
    const rows = [...page.matchAll(/^\| (.+?) +\| (.+?) +\|$/gm)].map(([, name, breaks]) => `${name}: ${breaks}`)
    expect(rows).toEqual(expect.arrayContaining(MUTATIONS.map(({ name, breaks }) => `${name}: ${breaks}`)))
    expect(page).toContain(`${MUTATIONS.length} mutations`)
  })
})
