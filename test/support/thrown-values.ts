import fc from 'fast-check'

/** How to build a thrown value. The value itself is kept from fast-check, which would ask it what it is. */
export type Plan =
  | { is: 'value'; value: unknown }
  | { is: 'list'; items: Plan[] }
  | { is: 'fields'; fields: [key: string, plan: Plan][] }
  | { is: 'hostile'; how: keyof typeof hostile; inner: Plan }
  | { is: 'error'; kind: 0 | 1 | 2; message: string; parts: [key: string, plan: Plan][]; isCircular: boolean }

/**
 * Arbitrary thrown values: anything at all, errors with fields, causes and errors of their own, and objects that throw
 * when they are asked. `text` gives the strings in them.
 */
export const thrownValue = (text: fc.Arbitrary<string> = anyText()): fc.Arbitrary<Plan> =>
  fc.letrec<{ plan: Plan }>((tie) => {
    const fields = fc.array(fc.tuple(fc.oneof(text, fieldName()), tie('plan')), { maxLength: 6 })
    return {
      plan: fc.oneof(
        { maxDepth: 4, depthIdentifier: 'thrown' },
        text.map((value): Plan => ({ is: 'value', value })),
        anyValue(text).map((value): Plan => ({ is: 'value', value })),
        fc.array(tie('plan'), { maxLength: 5 }).map((items): Plan => ({ is: 'list', items })),
        fields.map((entries): Plan => ({ is: 'fields', fields: entries })),
        fc
          .tuple(fc.constantFrom(0 as const, 1 as const, 2 as const), text, fields, fc.boolean())
          .map(([kind, message, parts, isCircular]): Plan => ({ is: 'error', kind, message, parts, isCircular })),
        fc
          .tuple(fc.constantFrom(...(Object.keys(hostile) as (keyof typeof hostile)[])), tie('plan'))
          .map(([how, inner]): Plan => ({ is: 'hostile', how, inner })),
      ),
    }
  }).plan

/** Builds the value anew, as often as it is called. */
export const build = (plan: Plan): unknown => {
  switch (plan.is) {
    case 'value':
      return plan.value
    case 'list':
      return plan.items.map(build)
    case 'fields':
      return addFields({}, plan.fields)
    case 'hostile':
      return hostile[plan.how](build(plan.inner))
    case 'error': {
      const error = addFields(new kinds[plan.kind](plan.message), plan.parts)
      return plan.isCircular ? addFields(error, [['self', { is: 'value', value: error }]]) : error
    }
  }
}

const kinds = [Error, TypeError, class PaymentError extends Error {}] as const

const addFields = (target: object, fields: [string, Plan][]): object => {
  // V8 writes the stack when it is first touched, and asks for name and message then: it has to come before them.
  const inOrder = [...fields].sort(([a], [b]) => Number(b === 'stack') - Number(a === 'stack'))
  for (const [key, plan] of inOrder) {
    Object.defineProperty(target, key, { value: build(plan), enumerable: true, configurable: true, writable: true })
  }
  return target
}

const throwing = (what: string) => () => {
  throw new Error(`the value's own code was run: ${what}`)
}

const TRAPS = [
  'get',
  'set',
  'has',
  'ownKeys',
  'getOwnPropertyDescriptor',
  'defineProperty',
  'deleteProperty',
  'getPrototypeOf',
  'setPrototypeOf',
  'isExtensible',
  'preventExtensions',
  'apply',
  'construct',
]
const traps: ProxyHandler<object> = Object.fromEntries(TRAPS.map((trap) => [trap, throwing(trap)]))

const withAccessor = (key: string) => (value: unknown) =>
  Object.defineProperty(Object.assign(new Error('boom'), { value }), key, { get: throwing(key), enumerable: true })

/** Objects that answer with code of their own, around a value. */
const hostile = {
  proxy: (value: unknown) => new Proxy(typeof value === 'object' && value !== null ? value : {}, traps),
  function: (value: unknown) => Object.assign(() => value, { value }),
  inherits: (value: unknown) =>
    addFields(Object.create(new Proxy({}, traps)) as object, [['own', { is: 'value', value }]]),
  message: withAccessor('message'),
  name: withAccessor('name'),
  code: withAccessor('code'),
  cause: withAccessor('cause'),
  stack: withAccessor('stack'),
  errors: withAccessor('errors'),
  issues: withAccessor('issues'),
  then: withAccessor('then'),
  methods: (value: unknown) => ({
    value,
    toJSON: throwing('toJSON'),
    toString: throwing('toString'),
    valueOf: throwing('valueOf'),
    then: throwing('then'),
    [Symbol.toPrimitive]: throwing('toPrimitive'),
    [Symbol.iterator]: throwing('iterator'),
    get [Symbol.toStringTag](): string {
      throw new Error("the value's own code was run: toStringTag")
    },
  }),
  map: (value: unknown) => new Map([[value, value]]),
  set: (value: unknown) => new Set([value]),
  boxed: (value: unknown) => (typeof value === 'string' ? Object(value) : [value]) as object,
}

const fieldName = () =>
  fc.constantFrom(
    ...['name', 'message', 'stack', 'cause', 'errors', 'code', 'details', 'issues', 'error', 'suppressed', 'value'],
    ...['a', 'status', 'path', 'query', 'params', 'headers', '__proto__', 'constructor', 'toJSON', '[truncated]'],
  )

const anyValue = (text: fc.Arbitrary<string>) =>
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    maxDepth: 2,
    key: text,
    values: [text, fc.double(), fc.constant(null), fc.boolean(), fc.bigInt(), fc.constant(undefined)],
  })

const PIECES = [
  'password',
  'token',
  '=',
  ':',
  ' ',
  '"',
  "'",
  '\\',
  '\n',
  'x',
  '[',
  ']',
  '{',
  '}',
  ',',
  '<',
  '>',
  '@',
  '9',
]
const LONG_PIECES = [
  '://',
  '--',
  'Bearer ',
  'eyJ',
  '.',
  '…',
  '[redacted]',
  '\n    at ',
  'params: ',
  '-----BEGIN PRIVATE KEY-----',
]

const anyText = () =>
  fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(...PIECES, ...LONG_PIECES), maxLength: 24 }),
    fc
      .tuple(
        fc.string({ unit: fc.constantFrom(...PIECES, ...LONG_PIECES, 'é', '😀', '\x01') }),
        fc.integer({ min: 1, max: 12_000 }),
      )
      .map(([part, length]) => part.repeat(Math.ceil(length / (part.length || 1))).slice(0, length)),
    fc.constantFrom('', ' ', '[object Object]', '{"message":"boom"}', '\0', '\ud800', '%s', '__proto__'),
  )

/** Texts that hold `secret` in a form that is redacted by default. */
export const textWithSecret = (secret: string): fc.Arbitrary<string> => {
  const form = fc.constantFrom(
    `password=${secret}`,
    `"apiKey": "${secret}"`,
    `{\\"token\\":\\"${secret}\\"}`,
    `'secret': '${secret}'`,
    `Authorization: Bearer ${secret}`,
    `Authorization: Basic ${secret}==`,
    `Cookie: sid=${secret}; theme=dark`,
    `Bearer ${secret}`,
    `postgres://user:${secret}@db:5432/app`,
    `https://api.example.com/?access_token=${secret}&page=2`,
    `<password>${secret}</password>`,
    `mysql --password ${secret} app`,
    `X-Api-Key: ${secret}`,
    `client_secret=${secret};`,
    `ghp_${secret}${secret}`,
    `eyJ${secret}.${secret}.${secret}`,
    `DB_PASS=${secret}`,
  )
  const filler = fc.oneof(
    fc.constantFrom('', ' ', '\n', '\n    at ', 'x '.repeat(1010), 'x '.repeat(2040)),
    fc.lorem({ maxCount: 5 }),
  )
  return fc.tuple(filler, form, filler).map(([before, middle, after]) => `${before} ${middle} ${after}`)
}
