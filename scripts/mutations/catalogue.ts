import { QUEUE_MUTATIONS, SLOT_MUTATIONS } from './capacity.js'
import { CLOSING_MUTATIONS } from './closing.js'
import type { Mutation } from './mutation.js'
import { FAMILY_MUTATIONS, SCOPE_MUTATIONS } from './families.js'
import { FAIRNESS_MUTATIONS, LANE_MUTATIONS, RATE_MUTATIONS } from './gates.js'
import { LEAK_MUTATIONS, OUTCOME_MUTATIONS } from './outcomes.js'
import { DEADLINE_MUTATIONS, RETRY_MUTATIONS } from './retries.js'
import { SCOPE_CLOSING_MUTATIONS, SERVICE_MUTATIONS } from './services.js'
import { TIME_MUTATIONS } from './time.js'

export const MUTATIONS: readonly Mutation[] = [
  ...SLOT_MUTATIONS,
  ...QUEUE_MUTATIONS,
  ...LANE_MUTATIONS,
  ...RATE_MUTATIONS,
  ...FAIRNESS_MUTATIONS,
  ...FAMILY_MUTATIONS,
  ...SCOPE_MUTATIONS,
  ...TIME_MUTATIONS,
  ...RETRY_MUTATIONS,
  ...DEADLINE_MUTATIONS,
  ...OUTCOME_MUTATIONS,
  ...LEAK_MUTATIONS,
  ...CLOSING_MUTATIONS,
  ...SCOPE_CLOSING_MUTATIONS,
  ...SERVICE_MUTATIONS,
]
