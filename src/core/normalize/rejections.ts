import {
  defineProperty,
  deleteProperty,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isExtensible,
  PromisePrototype,
  promiseThen,
} from './intrinsics.js'

const ignore = (): void => {}

/**
 * Marks a thrown promise as handled: its rejection would end the process as unhandled. `then` asks the promise for its
 * constructor, which may be code of its own, so for that moment the promise has an own one, and that is undefined.
 */
export const markHandled = (thrown: object): void => {
  const own = getOwnPropertyDescriptor(thrown, 'constructor')
  if (own === undefined ? isExtensible(thrown) : own.configurable === true) {
    const none = { __proto__: null, value: undefined, configurable: true }
    defineProperty(thrown, 'constructor', none as PropertyDescriptor)
    try {
      promiseThen(thrown, undefined, ignore)
    } finally {
      if (own === undefined) deleteProperty(thrown, 'constructor')
      else defineProperty(thrown, 'constructor', own)
    }
  } else if (own === undefined && getPrototypeOf(thrown) === PromisePrototype) {
    // A frozen one is asked as it is, if what it inherits is what every promise inherits.
    promiseThen(thrown, undefined, ignore)
  }
}
