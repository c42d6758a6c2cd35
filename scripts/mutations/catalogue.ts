import { QUEUE_MUTATIONS, SLOT_MUTATIONS } from './capacity.js'
import { CLOSING_MUTATIONS } from './closing.js'
import type { Mutation } from './mutation.js'
import { LEAK_MUTATIONS, OUTCOME_MUTATIONS } from './outcomes.js'
import { TIME_MUTATIONS } from './time.js'

export const MUTATIONS: readonly Mutation[] = [
  ...SLOT_MUTATIONS,
  ...QUEUE_MUTATIONS,
  ...TIME_MUTATIONS,
  ...OUTCOME_MUTATIONS,
  ...LEAK_MUTATIONS,
  ...CLOSING_MUTATIONS,
]
