import { QUEUE_MUTATIONS, SLOT_MUTATIONS } from './capacity.js'
import { CLOSING_MUTATIONS } from './closing.js'
import type { Mutation } from './mutation.js'
import { LEAK_MUTATIONS, OUTCOME_MUTATIONS } from './outcomes.js'
import { DEADLINE_MUTATIONS, RETRY_MUTATIONS } from './retries.js'
import { TIME_MUTATIONS } from './time.js'

export const MUTATIONS: readonly Mutation[] = [
  ...SLOT_MUTATIONS,
  ...QUEUE_MUTATIONS,
  ...TIME_MUTATIONS,
  ...RETRY_MUTATIONS,
  ...DEADLINE_MUTATIONS,
  ...OUTCOME_MUTATIONS,
  ...LEAK_MUTATIONS,
  ...CLOSING_MUTATIONS,
]
