import type { PackageAudit } from './audit-package.js'

export interface Audited extends PackageAudit {
  path: string
  ms: number
}

const SLOWEST = 5

/** What the audits found, added up. */
export class Findings {
  packages = 0
  files = 0
  bytes = 0
  /** The slowest first. */
  slowest: Audited[] = []
  readonly licenses = new Map<string, number>()
  readonly #versions = new Map<string, Set<string>>()

  add(audited: Audited): void {
    this.packages += 1
    this.files += audited.files
    this.bytes += audited.bytes
    this.slowest = [...this.slowest, audited].sort((a, b) => b.ms - a.ms).slice(0, SLOWEST)
    const license = audited.license ?? 'none'
    this.licenses.set(license, (this.licenses.get(license) ?? 0) + 1)
    const versions = this.#versions.get(audited.name) ?? new Set()
    this.#versions.set(audited.name, versions.add(audited.version))
  }

  /** Packages present in several versions, those with the most first. */
  get duplicates(): { name: string; versions: string[] }[] {
    return [...this.#versions]
      .filter(([, versions]) => versions.size > 1)
      .map(([name, versions]) => ({ name, versions: [...versions].sort() }))
      .sort((a, b) => b.versions.length - a.versions.length || (a.name < b.name ? -1 : 1))
  }
}
