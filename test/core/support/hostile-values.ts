/** Values whose every look costs something, by what they are: they throw from wherever they are touched. */
export function hostileValues(): [name: string, value: object][] {
  const refuse = (): never => {
    throw new Error('touched')
  }
  const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, refuse]))
  return [
    ['a revoked proxy', revoked({})],
    ['a revoked proxy of an array', revoked([])],
    ['a revoked proxy of a function', revoked(() => undefined)],
    ['a proxy that traps all', new Proxy({}, traps)],
    ['an object that cannot become text', { toString: refuse, valueOf: refuse, [Symbol.toPrimitive]: refuse }],
    ['an object of throwing getters', Object.defineProperties({}, getters(refuse))],
  ]
}

/** A proxy that throws at any touch, `Array.isArray` and `instanceof` included. */
export function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

function getters(get: () => never): PropertyDescriptorMap {
  const keys = ['name', 'message', 'code', 'stack', 'then', 'toJSON', 'constructor', Symbol.toStringTag]
  return Object.fromEntries([...keys, Symbol.for('taskward.error')].map((key) => [key, { get, enumerable: true }]))
}
