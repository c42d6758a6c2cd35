import { AssertionError } from 'node:assert'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import vm from 'node:vm'
import { z } from 'zod'

/* eslint-disable @typescript-eslint/no-extraneous-class, @typescript-eslint/no-implied-eval -- hostile on purpose */
/* eslint-disable @typescript-eslint/no-unsafe-return, @typescript-eslint/no-base-to-string, prefer-rest-params */

/** What is expected of the `TaskError` of a hostile value. What holds for every value is not repeated. */
export interface Expected {
  /** Part of the message. */
  message?: string
  /** Exactly the code; null for none. */
  code?: string | null
  /** Each is somewhere in the JSON of the whole. */
  contains?: readonly string[]
  /** None is anywhere in it. */
  lacks?: readonly string[]
}

export interface HostileValue extends Expected {
  name: string
  /** Builds the value anew. It neither throws nor hangs. */
  make: () => unknown
  /** Tells, after the value was read, what must not have happened to it. */
  harm?: () => string | undefined
  /** So large that it may take a second. */
  isLarge?: true
}

export const PLANTED = 'pl4nted-S3cret-9f27c1'

const NUL = String.fromCharCode(0)
const HIGH = String.fromCharCode(0xd83d)
const LOW = String.fromCharCode(0xde00)
const MEGA = 1024 * 1024

const loop = (): never => {
  for (;;);
}
const blow = (): never => {
  throw new Error('own code was run')
}
const accessor = <T extends object>(target: T, key: PropertyKey, get: () => unknown, enumerable = true): T =>
  Object.defineProperty(target, key, { get, enumerable, configurable: true })
const fixed = <T extends object>(target: T, key: PropertyKey, value: unknown): T =>
  Object.defineProperty(target, key, { value, configurable: true })
const withFields = (fields: object, message = 'boom') => Object.assign(new Error(message), fields)
const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (thrown) {
    return thrown
  }
}
const chained = (length: number, last: unknown): unknown => {
  let inner = last
  for (let i = length; i > 0; i--) inner = new Error(`link ${i}`, { cause: inner })
  return inner
}
const nested = (depth: number): unknown => {
  let inner: unknown = 'end'
  for (let i = 0; i < depth; i++) inner = i % 2 === 0 ? { inner } : [inner]
  return inner
}
const TRAPS = Reflect.ownKeys(Reflect).filter((key): key is string => typeof key === 'string')
const trapped = (trap: () => unknown) => Object.fromEntries(TRAPS.map((key) => [key, trap]))

/** Notes every run of code that the value brought along. */
const watch = () => {
  let runs: string[] = []
  return {
    note: (what: string) => () => {
      runs.push(what)
      return undefined
    },
    fresh: <T>(make: () => T) => {
      return () => {
        runs = []
        return make()
      }
    },
    harm: () => (runs.length > 0 ? `ran ${[...new Set(runs)].join(', ')}` : undefined),
  }
}

const all: HostileValue[] = []
const group = (prefix: string, values: Record<string, Omit<HostileValue, 'name'>>) => {
  for (const [name, value] of Object.entries(values)) all.push({ name: `${prefix}: ${name}`, ...value })
}

group('primitive', {
  undefined: { make: () => undefined, message: 'undefined', code: null },
  null: { make: () => null, message: 'null', code: null },
  false: { make: () => false, message: 'false', code: null },
  zero: { make: () => 0, message: '0' },
  'negative zero': { make: () => -0, message: '0' },
  NaN: { make: () => NaN, message: 'NaN' },
  infinity: { make: () => Infinity, message: 'Infinity' },
  bigint: { make: () => 42n, message: '42n' },
  'bigint of a million bits': { make: () => 2n ** 1_000_000n, message: 'bigint' },
  'negative bigint of a million bits': { make: () => -(2n ** 1_000_000n), message: 'bigint' },
  symbol: { make: () => Symbol('boom'), message: 'Symbol(boom)' },
  'symbol without description': { make: () => Symbol(), message: 'Symbol()' },
  'symbol that holds a secret': { make: () => Symbol(`password=${PLANTED}`), lacks: [PLANTED] },
})

group('string', {
  plain: { make: () => 'boom', message: 'boom', code: null },
  empty: { make: () => '', message: 'Unknown error' },
  blank: { make: () => ' \n\t ', message: 'Unknown error' },
  'object Object': { make: () => '[object Object]', message: 'Unknown error' },
  'with NUL': { make: () => `bo${NUL}om`, message: 'bo\u2400om' },
  'only NUL': { make: () => NUL.repeat(10_000) },
  'lone high surrogate': { make: () => `boom${HIGH}`, message: 'boom\ufffd' },
  'lone low surrogate': { make: () => `${LOW}boom`, message: '\ufffdboom' },
  'pairs cut at an odd place': { make: () => `x${'😀'.repeat(100_000)}` },
  '30 MB': { make: () => 'm'.repeat(30 * MEGA), message: 'mmm', isLarge: true },
  'rope of 30 MB': { make: () => Array.from({ length: 30 }, (_, i) => String(i).repeat(MEGA)).join(''), isLarge: true },
  'slice of 30 MB': { make: () => 'n'.repeat(30 * MEGA).slice(5, 500), message: 'nnn', isLarge: true },
  'lines and escapes': { make: () => 'x\r\n\u001b[2Jy\u2028z\u202e', message: 'x\r\n' },
  markup: { make: () => '</script><img src=x onerror=alert(1)>', message: '<img' },
  'JSON of an error': {
    make: () => '{"message":"inner","code":"E","details":null}',
    message: '{"message"',
    code: null,
  },
  'bait for patterns': { make: () => 'a'.repeat(50_000) + '='.repeat(50_000) + '@:/'.repeat(30_000) },
  'secret names without end': { make: () => 'password'.repeat(30_000) },
  'quotes without end': { make: () => 'token="\\'.repeat(30_000) },
  'token beginnings without end': { make: () => 'eyJ'.repeat(50_000) },
  'addresses without end': { make: () => '://a:'.repeat(30_000) + '@'.repeat(30_000) },
})

const functionWatch = watch()
group('function', {
  arrow: { make: () => () => 1, message: 'function' },
  named: { make: () => function boom() {}, message: 'boom' },
  class: { make: () => class Boom {}, message: 'Boom' },
  'that must not be called': { make: functionWatch.fresh(() => functionWatch.note('call')), harm: functionWatch.harm },
  'with a name that loops': { make: () => accessor(() => 1, 'name', loop), message: 'function' },
  'with 5 MB of source': { make: () => new Function(`/*${'x'.repeat(5 * MEGA)}*/`), isLarge: true },
})

const conversionWatch = watch()
const iteratorWatch = watch()
group('object', {
  empty: { make: () => ({}), message: 'object', code: null },
  'with message and code': { make: () => ({ message: 'boom', code: 'E_X' }), message: 'boom', code: 'E_X' },
  'without prototype': {
    make: () => Object.assign(Object.create(null) as object, { message: 'boom' }),
    message: 'boom',
  },
  'message is a number': { make: () => ({ message: 42, code: 7 }), message: 'object', code: '7', contains: ['42'] },
  'message is an object': { make: () => ({ message: { inner: 'boom' } }), message: 'object', contains: ['boom'] },
  'error within': { make: () => ({ error: { message: 'boom', code: 'E_IN' } }), message: 'boom', contains: ['E_IN'] },
  'error text within': { make: () => ({ error: 'boom' }), message: 'boom' },
  circular: {
    make: () => {
      const a: Record<string, unknown> = { message: 'boom' }
      a['self'] = a
      return Object.freeze(a)
    },
    message: 'boom',
    contains: ['[Circular]'],
  },
  'mutually circular': {
    make: () => {
      const a: Record<string, unknown> = {}
      a['b'] = { list: [a] }
      return a
    },
  },
  'nested 100,000 deep': { make: () => nested(100_000) },
  'of 2^40 paths': {
    make: () => {
      let node: object = {}
      for (let i = 0; i < 40; i++) node = { left: node, right: node }
      return node
    },
  },
  'of 30^8 paths': {
    make: () => {
      let node: object = {}
      for (let i = 0; i < 8; i++) node = Object.fromEntries(Array.from({ length: 30 }, (_, k) => [`k${k}`, node]))
      return node
    },
  },
  'of 20^8 paths in lists': {
    make: () => {
      let node: unknown = 'leaf'
      for (let i = 0; i < 8; i++) node = Array.from({ length: 20 }, () => node)
      return node
    },
  },
  'that holds one of a million keys 400 times': {
    make: () => {
      const wide = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`k${i}`, loop]))
      return Array.from({ length: 20 }, () => Array.from({ length: 20 }, () => wide))
    },
    isLarge: true,
  },
  'of a million keys': {
    make: () => Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`k${i}`, i])),
    isLarge: true,
  },
  'of many large objects': {
    make: () =>
      Array.from({ length: 20 }, () => Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i]))),
    isLarge: true,
  },
  'with 10,000 text fields': {
    make: () => Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, 'x'.repeat(5000)])),
  },
  'with a key of 1 MB': { make: () => ({ message: 'boom', ['k'.repeat(MEGA)]: 1 }), message: 'boom' },
  'with unclean keys': {
    make: () => ({ message: 'boom', [`a${NUL}`]: 1, [`a${HIGH}`]: 2, [`a${LOW}`]: 3 }),
    message: 'boom',
    contains: ['~2'],
  },
  'with an own __proto__': {
    make: () => JSON.parse('{"message":"boom","__proto__":{"x":1},"constructor":{"prototype":{}}}') as unknown,
    message: 'boom',
  },
  'with accessors that throw': {
    make: () => accessor(accessor({ message: 'boom' }, 'a', blow), 'b', blow),
    message: 'boom',
  },
  'with an accessor that loops': { make: () => accessor({ message: 'boom' }, 'a', loop), message: 'boom' },
  'with a message accessor that loops': { make: () => accessor({}, 'message', loop) },
  'with conversions': {
    make: conversionWatch.fresh(() => ({
      message: 'boom',
      toJSON: conversionWatch.note('toJSON'),
      toString: conversionWatch.note('toString'),
      valueOf: conversionWatch.note('valueOf'),
      [Symbol.toPrimitive]: conversionWatch.note('toPrimitive'),
      [Symbol.for('nodejs.util.inspect.custom')]: conversionWatch.note('inspect'),
    })),
    message: 'boom',
    harm: conversionWatch.harm,
  },
  'with conversions that loop': { make: () => ({ toJSON: loop, toString: loop, [Symbol.toPrimitive]: loop }) },
  'with a tag that throws': { make: () => accessor({ message: 'boom' }, Symbol.toStringTag, blow), message: 'boom' },
  'with an iterator': {
    make: iteratorWatch.fresh(() => ({ message: 'boom', [Symbol.iterator]: iteratorWatch.note('iterator') })),
    message: 'boom',
    harm: iteratorWatch.harm,
  },
  'with values JSON has not': {
    make: () => ({
      message: 'boom',
      a: 1n,
      b: NaN,
      c: Symbol('s'),
      d: undefined,
      e: -0,
      f: () => 1,
      g: [undefined, () => 1, Symbol()],
    }),
    message: 'boom',
    contains: ['"1n"', 'NaN'],
  },
  'array with holes': {
    make: () => {
      const list = [1]
      list[9] = 2
      return list
    },
    message: 'Array(10)',
  },
  'array of 4 billion': { make: () => new Array(4_294_967_295), message: 'Array(4294967295)' },
  'array of 100,000': { make: () => Array.from({ length: 100_000 }, (_, i) => ({ i })), contains: ['more items'] },
  'an array of a class with a species and a length of its own': {
    make: () => {
      class List extends Array<unknown> {
        static override get [Symbol.species]() {
          return loop()
        }
      }
      return { list: accessor(List.from([1, 2]), Symbol.isConcatSpreadable, loop), message: 'boom' }
    },
    message: 'boom',
    contains: ['[1,2]'],
  },
  'array of accessors': { make: () => accessor([1, 2, 3], 1, loop), message: 'Array' },
  'its class has a getter': {
    make: () =>
      new (class Refused {
        get message() {
          return 'boom'
        }
        get code() {
          return 'E_G'
        }
      })(),
    message: 'boom',
    code: 'E_G',
  },
  'its class has a getter that throws': {
    make: () =>
      new (class Refused {
        get message() {
          return blow()
        }
      })(),
    message: 'Refused',
  },
  'inherits an accessor of no class': { make: () => Object.create(accessor({}, 'message', loop)) as object },
  'a chain of 10,000 prototypes': {
    make: () => {
      let object: object = { message: 'far' }
      for (let i = 0; i < 10_000; i++) object = Object.create(object) as object
      return object
    },
  },
  'an iterator without end': {
    make: () =>
      (function* () {
        for (;;) yield 1
      })(),
    message: 'generator',
  },
  'the global object': { make: () => globalThis },
  process: { make: () => process },
  'the environment': {
    make: () => {
      process.env['TASKWARD_TEST_SECRET'] = PLANTED
      return { message: 'boom', env: { TASKWARD_TEST_SECRET: PLANTED } }
    },
    lacks: [PLANTED],
  },
  'a stream': { make: () => Readable.from(['x']) },
  'a frozen module namespace': { make: () => ({ message: 'boom', z }), message: 'boom' },
  'an event target': { make: () => new AbortController().signal },
  'of another realm': {
    make: () => vm.runInNewContext('({ message: "boom", code: "E_R" })') as unknown,
    message: 'boom',
    code: 'E_R',
  },
})

const trapWatch = watch()
group('proxy', {
  'of which every trap throws': { make: () => new Proxy({}, trapped(blow)), message: 'Proxy' },
  'of which every trap loops': { make: () => new Proxy({}, trapped(loop)), message: 'Proxy' },
  'of a function': { make: () => new Proxy(() => 1, trapped(loop)), message: 'Proxy' },
  'of an array': { make: () => new Proxy([], trapped(loop)), message: 'Proxy' },
  'of an error': { make: () => new Proxy(new Error('boom'), {}) },
  'that counts': { make: trapWatch.fresh(() => new Proxy({}, trapped(trapWatch.note('trap')))), harm: trapWatch.harm },
  revoked: {
    make: () => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      return proxy
    },
  },
  'revoked function': {
    make: () => {
      const { proxy, revoke } = Proxy.revocable(() => 1, {})
      revoke()
      return proxy
    },
  },
  'as a prototype': { make: () => Object.create(new Proxy({}, trapped(loop))) as object },
  'as the prototype of an error': {
    make: () => Object.setPrototypeOf(new Error('boom'), new Proxy(Error.prototype, trapped(loop))) as object,
    message: 'boom',
  },
  'as a cause': { make: () => new Error('boom', { cause: new Proxy({}, trapped(loop)) }), message: 'boom' },
  'as the prototype of a class': {
    make: () => {
      class Broken extends Error {}
      Object.setPrototypeOf(Broken.prototype, new Proxy(Error.prototype, trapped(loop)))
      return new Broken('boom')
    },
    message: 'boom',
  },
  'revoked, as every part of an error': {
    make: () => {
      const { proxy, revoke } = Proxy.revocable([], {})
      revoke()
      return withFields({ name: proxy, code: proxy, cause: proxy, errors: proxy, issues: proxy, stack: proxy })
    },
    message: 'boom',
    code: null,
  },
  'revoked, in collections': {
    make: () => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      return [new Map([[proxy, proxy]]), new Set([proxy]), new AggregateError([proxy])]
    },
    contains: ['[Proxy]'],
  },
  'as a field': {
    make: () => withFields({ request: new Proxy({}, trapped(loop)) }),
    message: 'boom',
    contains: ['[Proxy]'],
  },
  'as a constructor': {
    make: () => withFields({ held: Object.create({ constructor: new Proxy(class {}, trapped(loop)) }) as object }),
    message: 'boom',
  },
  'as details': {
    make: () => ({ message: 'boom', code: null, details: new Proxy({}, trapped(loop)) }),
    message: 'boom',
  },
})

let kept = withFields({})
const setterWatch = watch()
group('error', {
  plain: { make: () => new Error('boom'), message: 'boom', code: null, contains: ['"name":"Error"', '    at '] },
  'without message': { make: () => new TypeError(), message: 'TypeError' },
  'of [object Object]': { make: () => new Error(String({})), message: 'Error (no message)' },
  subclass: {
    make: () =>
      new (class PaymentError extends Error {
        code = 'E_PAY'
        amount = 3
      })('boom'),
    message: 'boom',
    code: 'E_PAY',
    contains: ['PaymentError', '"amount":3'],
  },
  'of [object Object] among blanks': { make: () => new Error(' [object Object]\n'), message: 'Error (no message)' },
  'message behind 2,000 blanks': { make: () => new Error(`${' '.repeat(2000)}boom`), message: 'boom' },
  'message of 30 MB': { make: () => new Error('m'.repeat(30 * MEGA)), message: 'mmm', isLarge: true },
  'message is an object': { make: () => fixed(new Error('x'), 'message', { a: 1 }), message: 'Error' },
  'message is a symbol': { make: () => fixed(new Error('x'), 'message', Symbol('m')), message: 'Error' },
  'message accessor throws': { make: () => accessor(new Error('x'), 'message', blow), message: 'Error' },
  'message accessor loops': { make: () => accessor(new Error('x'), 'message', loop), message: 'Error' },
  'name accessor loops': { make: () => accessor(new Error('boom'), 'name', loop), message: 'boom' },
  'name is an object that loops': { make: () => fixed(new Error('boom'), 'name', { toString: loop }), message: 'boom' },
  'name of 10 MB': {
    make: () => fixed(new Error('boom'), 'name', 'N'.repeat(10 * MEGA)),
    message: 'boom',
    isLarge: true,
  },
  'stack accessor loops': { make: () => accessor(new Error('boom'), 'stack', loop), message: 'boom' },
  'stack is a number': { make: () => fixed(new Error('boom'), 'stack', 7), message: 'boom' },
  'stack deleted': {
    make: () => {
      const error = new Error('boom')
      delete error.stack
      return error
    },
    message: 'boom',
  },
  'stack of 30 MB': {
    make: () => fixed(new Error('boom'), 'stack', `Error: boom\n${'    at f (/x.js:1:1)\n'.repeat(1_500_000)}`),
    message: 'boom',
    isLarge: true,
  },
  'stack on a plain object with a message that loops': {
    make: () => {
      const target = accessor({}, 'message', loop)
      Error.captureStackTrace(target)
      return target
    },
  },
  'code NaN': { make: () => withFields({ code: NaN }), message: 'boom', code: null },
  'code 0': { make: () => withFields({ code: 0 }), code: '0' },
  'code 11000': { make: () => withFields({ code: 11000 }), code: '11000' },
  'code empty': { make: () => withFields({ code: '' }), code: null },
  'code an object': { make: () => withFields({ code: { toString: loop } }), message: 'boom', code: null },
  'code a symbol': { make: () => withFields({ code: Symbol('c') }), code: null },
  'code of 1 MB': { make: () => withFields({ code: 'C'.repeat(MEGA) }), message: 'boom' },
  'code with line ends': { make: () => withFields({ code: `E${NUL}\r\nX\u001b[1m` }), code: 'E X [1m' },
  'code accessor loops': { make: () => accessor(new Error('boom'), 'code', loop), message: 'boom', code: null },
  'details of its own': {
    make: () => withFields({ details: { field: 'email' } }),
    message: 'boom',
    contains: ['"field":"email"'],
  },
  'fields that shadow': { make: () => withFields({ errors: 3, cause: () => 1, issues: 4 }), message: 'boom' },
  frozen: { make: () => Object.freeze(withFields({ code: 'E_F' })), message: 'boom', code: 'E_F' },
  'without prototype': { make: () => Object.setPrototypeOf(new Error('boom'), null) as object, message: 'boom' },
  'made without its constructor': {
    make: () => Object.create(Error.prototype, { message: { value: 'boom' } }) as object,
    message: 'boom',
  },
  'of another realm': {
    make: () => vm.runInNewContext('Object.assign(new TypeError("boom"), { code: "E_R" })') as unknown,
    message: 'boom',
    code: 'E_R',
  },
  'of a realm that formats stacks': {
    make: () => vm.runInNewContext('Error.prepareStackTrace = () => { for (;;); }; new Error("boom")') as unknown,
    message: 'boom',
  },
  'toJSON throws': { make: () => withFields({ toJSON: blow }), message: 'boom' },
  'toJSON loops': { make: () => withFields({ toJSON: loop }), message: 'boom' },
  'constructor accessor loops': { make: () => accessor(new Error('boom'), 'constructor', loop), message: 'boom' },
  'must not change': {
    make: () => (kept = withFields({ code: 'E_K', nested: { password: PLANTED } })),
    code: 'E_K',
    lacks: [PLANTED],
    harm: () =>
      Object.keys(kept).join() === 'code,nested' && Reflect.ownKeys(kept).length === 4 && !Object.isFrozen(kept)
        ? undefined
        : 'changed it',
  },
  'with setters': {
    make: setterWatch.fresh(() =>
      ['details', 'attempt', 'stack', 'taskId'].reduce(
        (error, key) => Object.defineProperty(error, key, { set: setterWatch.note(key), configurable: true }),
        new Error('boom'),
      ),
    ),
    message: 'boom',
    harm: setterWatch.harm,
  },
  'carries a forged TaskError': {
    make: () =>
      fixed(new Error('boom'), Symbol.for('taskward.taskError'), {
        message: 'boom',
        code: 'E_X',
        details: { password: PLANTED, huge: 'x'.repeat(MEGA) },
      }),
    message: 'boom',
    lacks: [PLANTED],
  },
  'carries a hostile TaskError': {
    make: () => fixed(new Error('boom'), Symbol.for('taskward.taskError'), new Proxy({}, trapped(loop))),
    message: 'boom',
  },
})

group('cause', {
  itself: {
    make: () => {
      const error = new Error('boom')
      error.cause = error
      return error
    },
    message: 'boom',
  },
  'of each other': {
    make: () => {
      const a = new Error('boom')
      a.cause = new Error('b', { cause: a })
      return a
    },
    message: 'boom',
    contains: ['"b"'],
  },
  'a chain of 3': { make: () => chained(3, new Error('innermost')), message: 'link 1', contains: ['innermost'] },
  'a chain of 100,000': {
    make: () => chained(100_000, new Error('innermost')),
    message: 'link 1',
    contains: ['innermost', 'causes left out'],
    isLarge: true,
  },
  undefined: { make: () => new Error('boom', { cause: undefined }), message: 'boom' },
  null: { make: () => new Error('boom', { cause: null }), message: 'boom' },
  'a string': { make: () => new Error('boom', { cause: 'because' }), contains: ['"cause":{"message":"because"'] },
  'a string of 30 MB': {
    make: () => new Error('boom', { cause: 'c'.repeat(30 * MEGA) }),
    message: 'boom',
    isLarge: true,
  },
  'a list': { make: () => new Error('boom', { cause: ['why', { at: 1 }] }), contains: ['"value":["why",{"at":1}]'] },
  'itself, in a list': {
    make: () => {
      const error = new Error('boom')
      error.cause = [error]
      return error
    },
    contains: ['"value":["[Circular]"]'],
  },
  'a chain of 100,000 shared by ten errors': {
    make: () => {
      const cause = chained(100_000, new Error('innermost'))
      return new AggregateError(Array.from({ length: 10 }, () => new Error('boom', { cause })))
    },
    message: 'boom',
    isLarge: true,
  },
  'a method': {
    make: () => {
      class VError extends Error {}
      fixed(VError.prototype, 'cause', blow)
      return new VError('boom')
    },
    message: 'boom',
  },
  'an accessor that loops': { make: () => accessor(new Error('boom'), 'cause', loop), message: 'boom' },
  'its secret': {
    make: () => new Error('boom', { cause: new Error(`token=${PLANTED}`) }),
    message: 'boom',
    lacks: [PLANTED],
  },
  'of inner fields': {
    make: () => withFields({ inner: withFields({ code: 'E_I' }, 'within') }),
    contains: ['within', 'E_I'],
  },
})

group('aggregate', {
  'of two': {
    make: () => new AggregateError([new Error('one'), new TypeError('two')], 'boom'),
    message: 'boom',
    contains: ['one', 'two'],
  },
  'without message or code': {
    make: () => new AggregateError([withFields({ code: 'ECONNREFUSED' }, 'connect ECONNREFUSED ::1:80')]),
    message: 'ECONNREFUSED',
    code: 'ECONNREFUSED',
  },
  'of 100,000': {
    make: () =>
      new AggregateError(
        Array.from({ length: 100_000 }, (_, i) => new Error(`no ${i}`)),
        'boom',
      ),
    message: 'boom',
    contains: ['more errors'],
    isLarge: true,
  },
  'of itself': {
    make: () => {
      const error = new AggregateError([], 'boom')
      error.errors = [error]
      return error
    },
    message: 'boom',
  },
  'of itself, without message': {
    make: () => {
      const error = new AggregateError([])
      error.errors = [error]
      return error
    },
  },
  'of aggregates': {
    make: () => {
      let error = new Error('leaf')
      for (let i = 0; i < 20; i++) error = new AggregateError([error, error], `level ${i}`)
      return error
    },
    message: 'level 19',
  },
  'with an accessor that loops': {
    make: () => accessor(new AggregateError([], 'boom'), 'errors', loop),
    message: 'boom',
  },
  'of anything': {
    make: () => new AggregateError([undefined, 'text', 5n, { message: 'plain' }], 'boom'),
    contains: ['text', 'plain'],
  },
  'in a Set': {
    make: () => withFields({ errors: new Set([new Error('one')]) }),
    contains: ['"errors":[{"message":"one"'],
  },
  'in a Map': {
    make: () => withFields({ errors: new Map([['a', new Error('one')]]) }),
    contains: ['"errors":[{"message":"one"'],
  },
  'of 10^12 paths': {
    make: () => {
      let errors: unknown[] = [new Error('leaf')]
      for (let i = 0; i < 12; i++) {
        const inner = errors
        errors = Array.from({ length: 10 }, () => new AggregateError(inner, `level ${i}`, { cause: inner[0] }))
      }
      return new AggregateError(errors, 'boom')
    },
    message: 'boom',
  },
  'by name': {
    make: () => withFields({ errors: { email: withFields({ path: 'email' }, 'bad email') } }),
    contains: ['bad email'],
  },
  suppressed: {
    make: () => withFields({ name: 'SuppressedError', error: new Error('later'), suppressed: new Error('first') }),
    contains: ['"errors":[{"message":"later"', 'first'],
  },
})

group('platform', {
  DOMException: { make: () => new DOMException('stopped', 'AbortError'), message: 'stopped', code: 'AbortError' },
  TimeoutError: { make: () => new DOMException('late', 'TimeoutError'), code: 'TimeoutError' },
  'DOMException without instance': {
    make: () => Object.create(DOMException.prototype) as object,
    message: 'DOMException',
  },
  'abort reason': { make: () => AbortSignal.abort().reason as unknown, code: 'AbortError' },
  'abort reason with a secret': {
    make: () => AbortSignal.abort({ secret: PLANTED }).reason as unknown,
    lacks: [PLANTED],
  },
  ENOENT: {
    make: () => thrownBy(() => readFileSync('/nowhere/at/all')),
    message: 'ENOENT',
    code: 'ENOENT',
    contains: ['"errno"', '"syscall":"open"'],
  },
  ERR_INVALID_ARG_TYPE: {
    make: () => thrownBy(() => Buffer.from(1 as never)),
    code: 'ERR_INVALID_ARG_TYPE',
    contains: ['TypeError'],
  },
  AssertionError: {
    make: () => new AssertionError({ actual: 'a'.repeat(MEGA), expected: { b: 1 }, operator: 'deepEqual' }),
    code: 'ERR_ASSERTION',
  },
  'end of the stack': {
    make: () => {
      const deeper = (): number => deeper() + 1
      return thrownBy(deeper)
    },
    message: 'call stack',
  },
  'JSON that holds a secret': {
    make: () => thrownBy(() => JSON.parse(`{"password":"${PLANTED}",}`)),
    lacks: [PLANTED],
  },
  'fetch failed': {
    make: () =>
      Object.assign(new TypeError('fetch failed'), { cause: withFields({ code: 'ECONNREFUSED' }, 'connect') }),
    message: 'fetch failed',
    code: null,
    contains: ['ECONNREFUSED'],
  },
  Response: { make: () => new Response('x'), message: 'Response' },
  Request: {
    make: () =>
      new Request(`https://user:${PLANTED}@example.com`.replace(`user:${PLANTED}@`, ''), {
        headers: { authorization: PLANTED },
      }),
    lacks: [PLANTED],
  },
  URL: {
    make: () => withFields({ url: new URL(`https://user:${PLANTED}@example.com/a`) }),
    contains: ['example.com'],
    lacks: [PLANTED],
  },
})

const issueList = Array.from({ length: 10_000 }, (_, i) => ({
  code: 'invalid_type',
  expected: 'string',
  path: ['items', i],
  message: 'Expected string',
}))
const axiosLike = () => ({
  code: 'ERR_BAD_REQUEST',
  config: {
    url: `https://api.example.com/?api_key=${PLANTED}`,
    headers: { Authorization: `Bearer ${PLANTED}`, 'X-Api-Key': PLANTED, Accept: 'json' },
    auth: { username: 'u', password: PLANTED },
    data: JSON.stringify({ password: PLANTED }),
  },
  request: {
    _header: `GET / HTTP/1.1\r\nAuthorization: Bearer ${PLANTED}\r\nCookie: sid=${PLANTED}\r\n\r\n`,
    rawHeaders: ['Accept', 'json', 'Authorization', PLANTED],
  },
  response: { status: 401, headers: { 'set-cookie': [`sid=${PLANTED}`] } },
})
group('library', {
  'zod, thrown': {
    make: () => thrownBy(() => z.object({ name: z.string() }).parse({})),
    message: 'at name',
    contains: ['invalid_type', '    at '],
  },
  zod: { make: () => z.object({ name: z.string() }).safeParse({}).error, message: 'name', contains: ['invalid_type'] },
  '10,000 issues': {
    make: () => fixed(withFields({ issues: issueList }, JSON.stringify(issueList, null, 2)), 'name', 'ZodError'),
    message: 'Expected string at items.0',
    contains: ['invalid_type', 'more items'],
  },
  'HTTP client': {
    make: () => withFields(axiosLike(), 'Request failed with status code 401'),
    message: '401',
    code: 'ERR_BAD_REQUEST',
    contains: ['"status":401', '"Accept":"json"'],
    lacks: [PLANTED],
  },
  'headers as pairs': {
    make: () =>
      withFields({
        headers: [['authorization', PLANTED]],
        list: [{ name: 'Cookie', value: PLANTED }],
        map: new Map([['x-api-key', PLANTED]]),
      }),
    lacks: [PLANTED],
  },
  'headers in text': {
    make: () =>
      withFields({
        body: JSON.stringify({ 'set-cookie': [`sid=${PLANTED}`], authorization: { value: PLANTED } }),
        shown: `{ 'set-cookie': [ 'a]b', '${PLANTED}' ], Authorization: 'Digest a="${PLANTED}"' }`,
      }),
    lacks: [PLANTED],
  },
  'failed query': {
    make: () =>
      withFields(
        { query: 'update users set password = $1', params: [PLANTED] },
        `Failed query: update users set password = $1\nparams: ${PLANTED}`,
      ),
    message: 'Failed query',
    lacks: [PLANTED],
  },
  'unique violation': {
    make: () =>
      withFields(
        { code: '23505', constraint: 'users_email_key', detail: 'Key (email)=(a@b.c) already exists.' },
        'duplicate key',
      ),
    code: '23505',
    contains: ['users_email_key'],
  },
  'child process': {
    make: () =>
      withFields(
        {
          cmd: `psql postgres://u:${PLANTED}@h/db`,
          code: 1,
          stdout: Buffer.alloc(20 * MEGA, 97),
          stderr: 'e'.repeat(20 * MEGA),
        },
        `Command failed: psql postgres://u:${PLANTED}@h/db`,
      ),
    code: '1',
    contains: ['bytes'],
    lacks: [PLANTED],
    isLarge: true,
  },
  arguments: { make: () => withFields({ spawnargs: ['--token', PLANTED, `--password=${PLANTED}`] }), lacks: [PLANTED] },
  'private key': {
    make: () => new Error(`bad key -----BEGIN PRIVATE KEY-----\n${PLANTED}\n-----END PRIVATE KEY-----`),
    message: 'bad key',
    lacks: [PLANTED],
  },
  'JSON within JSON': {
    make: () => withFields({ body: JSON.stringify(JSON.stringify({ token: PLANTED })) }),
    lacks: [PLANTED],
  },
  'secrets under every kind of key': {
    make: () =>
      withFields(
        Object.fromEntries(
          [
            'password',
            'userPassword',
            'PASSWD',
            'db_pass',
            'passphrase',
            'client_secret',
            'accessToken',
            'x-auth-token',
            'apiKey',
            'api-key',
            'privateKey',
            'authorization',
            'Set-Cookie',
            'credentials',
            'sessionId',
            'otp',
            'smsOtp',
            'cvv',
            'cardCvc',
            'jwt',
            'proxyAuth',
          ].map((key) => [key, PLANTED]),
        ),
      ),
    lacks: [PLANTED],
  },
  'secrets of every kind': {
    make: () => ({
      password: [PLANTED],
      token: { value: PLANTED },
      secret: Buffer.from(PLANTED),
      cookie: new Map([['a', PLANTED]]),
      pin: 1,
    }),
    lacks: [PLANTED],
  },
  'a secret across the cut': {
    make: () => new Error(`${'x'.repeat(4080)} password=${PLANTED}`),
    lacks: [PLANTED, PLANTED.slice(0, 8)],
  },
})

const mapWatch = watch()
group('built-in', {
  date: { make: () => withFields({ at: new Date(0) }), contains: ['1970-01-01T00:00:00.000Z'] },
  'invalid date': { make: () => new Date(NaN), message: 'Date', contains: ['Invalid Date'] },
  'date with hostile methods': {
    make: () => ({ at: Object.assign(new Date(0), { toISOString: loop, toJSON: loop, getTime: loop }) }),
    contains: ['1970'],
  },
  pattern: { make: () => ({ pattern: accessor(/bo+m/, 'source', loop) }), contains: ['bo+m'] },
  map: {
    make: () =>
      new Map<unknown, unknown>([
        ['a', 1],
        [{}, 2],
      ]),
    message: 'Map(2)',
  },
  'map of 100,000': { make: () => new Map(Array.from({ length: 100_000 }, (_, i) => [i, i])) },
  'map with hostile methods': {
    make: mapWatch.fresh(() =>
      Object.assign(new Map([['a', 1]]), {
        entries: mapWatch.note('entries'),
        forEach: mapWatch.note('forEach'),
        [Symbol.iterator]: mapWatch.note('iterator'),
      }),
    ),
    harm: mapWatch.harm,
  },
  'set that holds itself': {
    make: () => {
      const set = new Set<unknown>()
      return set.add(set)
    },
  },
  'weak things': { make: () => ({ a: new WeakMap(), b: new WeakSet(), c: new WeakRef({}) }), contains: ['WeakMap'] },
  'buffer of 30 MB': { make: () => Buffer.alloc(30 * MEGA), isLarge: true },
  'short typed array': {
    make: () => ({ rgb: new Uint8Array([1, 2, 3]), big: new BigInt64Array([1n]) }),
    contains: ['Uint8Array: 1, 2, 3'],
  },
  'typed array with a hostile length': { make: () => accessor(new Uint8Array(4), 'length', loop) },
  'typed array as a plain object': {
    make: () => Object.setPrototypeOf(new Uint8Array(5 * MEGA), Object.prototype) as object,
    isLarge: true,
  },
  'detached buffer': {
    make: () => {
      const buffer = new ArrayBuffer(8)
      const view = new Uint8Array(buffer)
      structuredClone(buffer, { transfer: [buffer] })
      return { buffer, view }
    },
  },
  'shared buffer': {
    make: () => ({ a: new SharedArrayBuffer(16), b: new DataView(new ArrayBuffer(2)) }),
    contains: ['SharedArrayBuffer, 16 bytes'],
  },
  'boxed string of 10 MB': { make: () => new String('q'.repeat(10 * MEGA)), message: 'qqq', isLarge: true },
  'boxed bigint, symbol and number': {
    make: () => [Object(1n), Object(Symbol('s')), new Number(NaN)],
    contains: ['1n', 'Symbol(s)', 'NaN'],
  },
  arguments: {
    make: () =>
      (function (..._: unknown[]) {
        return arguments
      })(1, 2),
  },
  'module of promises': { make: () => ({ promise: new Promise(() => {}) }), contains: ['[Promise]'] },
})

const thenWatch = watch()
class Hostile extends Promise<unknown> {
  static override get [Symbol.species](): PromiseConstructor {
    return loop()
  }
}
group('promise', {
  pending: { make: () => new Promise(() => {}), message: 'Promise' },
  'that rejects': { make: () => Promise.reject(new Error('left alone')), message: 'Promise' },
  'that rejects, frozen': { make: () => Object.freeze(Promise.reject(new Error('left alone'))), message: 'Promise' },
  'that rejects, of a class': { make: () => Hostile.reject(new Error('left alone')), message: 'Promise' },
  'that rejects, with a constructor that loops': {
    make: () => accessor(Promise.reject(new Error('left alone')), 'constructor', loop),
    message: 'Promise',
  },
  'that rejects, with a then that loops': {
    make: () => fixed(Promise.reject(new Error('left alone')), 'then', loop),
    message: 'Promise',
  },
  thenable: {
    make: thenWatch.fresh(() => ({ message: 'boom', then: thenWatch.note('then') })),
    message: 'boom',
    harm: thenWatch.harm,
  },
  'thenable accessor that loops': { make: () => accessor({ message: 'boom' }, 'then', loop), message: 'boom' },
})

/** Values that are hard on whoever reads what was thrown. */
export const HOSTILE_VALUES: readonly HostileValue[] = all
