import { mutation, type Mutation } from './mutation.js'

const DISPATCHER = 'runtime/dispatcher.ts'
const GATE = 'runtime/gate.ts'
const LANE = 'runtime/lane.ts'
const QUEUE = 'runtime/queue.ts'

export const LANE_MUTATIONS: readonly Mutation[] = [
  mutation(
    "lane's cap off by one",
    'one more runs in a lane than its cap allows',
    GATE,
    'return this.held < this.limit',
    'return this.held <= this.limit',
  ),
  mutation(
    'place at a gate kept',
    'a lane or an owner that was full once stays full',
    DISPATCHER,
    'for (const gate of run.gates) gate.leave()\n',
    '',
  ),
  mutation(
    'gate that opens wakes nobody',
    'who waits for a lane or an owner waits on beside its free place',
    GATE,
    'if (this.held === this.limit - 1) this.changed()',
    '',
  ),
  mutation(
    'full gate not told to those who wait',
    'a lane at its cap takes slots that it cannot use',
    GATE,
    'if (this.held === this.limit) this.changed()',
    '',
  ),
  mutation(
    'newcomer overtakes a lane',
    'who waits is overtaken by whoever comes',
    DISPATCHER,
    'free > 0 && !hasEligible && areOpen',
    'free > 0 && areOpen',
  ),
  mutation(
    'blocked lane holds up the others',
    'a newcomer waits beside a free slot since a lane that is full has somebody waiting',
    DISPATCHER,
    'free > 0 && !hasEligible && areOpen',
    'free > 0 && this.#queue.size === 0 && areOpen',
  ),
  mutation(
    "newcomer passes its lane's cap",
    'a newcomer starts though its lane is full',
    DISPATCHER,
    '!hasEligible && areOpen(gatesAt(where))',
    '!hasEligible',
  ),
  mutation(
    "lane's queue limit not heeded",
    'one lane fills the whole queue',
    DISPATCHER,
    "if (admission !== 'wait') return { admission, lane }",
    "if (admission === 'reject' && false) return { admission, lane }",
  ),
  mutation(
    "lane's places not counted for those who wait",
    'a task is refused though one of its lane would start in a moment',
    DISPATCHER,
    'this.#queue.hasEligibleIn(lane) ? Math.min(spokenFor, lane.limit - lane.held) : 0',
    '0',
  ),
  mutation(
    "lane's places counted twice",
    'more wait in a lane than its limit says',
    DISPATCHER,
    'Math.min(spokenFor, lane.limit - lane.held)',
    'spokenFor',
  ),
  mutation(
    'slots spoken for by blocked tasks',
    'more wait than the limit says, since slots are free that nobody may take',
    DISPATCHER,
    'hasEligible ? free : 0',
    'free',
  ),
  mutation(
    "overflow of a lane drops another one's",
    'a full lane costs others their tasks',
    QUEUE,
    'if (lane && key !== lane) continue\n',
    '',
  ),
  mutation(
    'cancelled task counted in its lane',
    'a lane fills up with tasks that have gone',
    DISPATCHER,
    'this.#left(task)\n    this.gates.tidy(task)\n    this.#calmDown()',
    'this.gates.tidy(task)\n    this.#calmDown()',
  ),
]

export const RATE_MUTATIONS: readonly Mutation[] = [
  mutation(
    'rate off by one',
    'one start too many in an interval',
    'core/rate-window.ts',
    'this.#starts.length - this.#gone < this.limit',
    'this.#starts.length - this.#gone <= this.limit',
  ),
  mutation(
    'window of a rate too long',
    'a start waits though the window has room for it',
    'core/rate-window.ts',
    'this.#starts[this.#gone]! + this.intervalMs <= nowMono',
    'this.#starts[this.#gone]! + this.intervalMs < nowMono',
  ),
  mutation(
    'rate wakes nobody',
    'who waits for a rate waits until somebody else comes',
    LANE,
    'if (opensAt === Infinity) return\n',
    'if (opensAt > 0) return\n',
  ),
  mutation(
    'rate looked at too late',
    'a newcomer waits though the interval is over',
    DISPATCHER,
    'where.lane?.refresh()\n    const free',
    'const free',
  ),
  mutation(
    'timer of a rate kept',
    'an idle supervisor keeps a timer for nothing',
    LANE,
    'if (this.waiting.size > 0) return\n    this.#cancelTimer?.()',
    'if (this.waiting.size > 0) return',
  ),
]

export const FAIRNESS_MUTATIONS: readonly Mutation[] = [
  mutation(
    'lanes take no turns',
    'a lane with much to do starves the others',
    QUEUE,
    'if (!lane!.isEmpty) lane!.rankAnew(++this.#turns)',
    '',
  ),
  mutation(
    'owners take no turns',
    'an owner with much to do starves the others',
    QUEUE,
    'if (!owner!.isEmpty) owner!.rankAnew(++this.#turns)',
    '',
  ),
  mutation(
    'new lane overtakes those that wait',
    'a lane that comes again and again is always first',
    QUEUE,
    'new LaneBranch(level, lane, lane ? [lane] : []), ++this.#turns)',
    'new LaneBranch(level, lane, lane ? [lane] : []), 0)',
  ),
  mutation(
    'new owner overtakes those that wait',
    'an owner that comes again and again is always first',
    QUEUE,
    'new Branch(lanes, owner, ownerGate ? [ownerGate] : []), ++this.#turns)',
    'new Branch(lanes, owner, ownerGate ? [ownerGate] : []), 0)',
  ),
  mutation(
    'perOwner not heeded',
    'one owner takes all the slots',
    'runtime/gates.ts',
    'if (owner === null || this.#perOwner === Infinity) return null',
    'return null',
  ),
  mutation(
    'tasks without an owner count as one owner',
    'they share a cap that is none of theirs',
    'runtime/gates.ts',
    'if (owner === null || this.#perOwner === Infinity) return null\n    let gate = this.#owners.get(owner)\n    if (gate === undefined) this.#owners.set(owner, ',
    "if (this.#perOwner === Infinity) return null\n    let gate = this.#owners.get(owner ?? '')\n    if (gate === undefined) this.#owners.set(owner ?? '', ",
  ),
]
