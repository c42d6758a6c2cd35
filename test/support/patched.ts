const { defineProperty, deleteProperty, getOwnPropertyDescriptor } = Reflect

export type Patch = readonly [target: object, key: PropertyKey, value: unknown]

/**
 * Calls `work` in a program whose globals are patched, and puts them back. It uses nothing that can be patched: loops
 * go by index, and what it calls was taken when this file was loaded.
 */
export const withPatched = <T>(patches: readonly Patch[], work: () => T): T => {
  const count = patches.length
  const before: { descriptor: PropertyDescriptor | undefined }[] = patches.map(() => ({ descriptor: undefined }))
  for (let i = 0; i < count; i++) {
    const patch = patches[i]!
    before[i]!.descriptor = getOwnPropertyDescriptor(patch[0], patch[1])
  }
  const own = (value: unknown) =>
    ({ __proto__: null, value, configurable: true, writable: true, enumerable: false }) as unknown as PropertyDescriptor
  try {
    for (let i = 0; i < count; i++) defineProperty(patches[i]![0], patches[i]![1], own(patches[i]![2]))
    return work()
  } finally {
    for (let i = count - 1; i >= 0; i--) {
      const { descriptor } = before[i]!
      const patch = patches[i]!
      if (descriptor === undefined) deleteProperty(patch[0], patch[1])
      else defineProperty(patch[0], patch[1], descriptor)
    }
  }
}
