import { TaskOptionError } from '../core/errors.js'
import { TASK_STATUSES } from '../core/lifecycle.js'
import * as rules from '../core/option-rules.js'
import { decodeCursor, type ErrorQuery, type TaskFilter, type TaskQuery } from '../core/query.js'

const FILTER_RULES: rules.Rules = {
  status: {
    expected: `${TASK_STATUSES.map((status) => `'${status}'`).join(', ')}, or an array of them`,
    accepts: (value) => {
      const statuses: readonly unknown[] = Array.isArray(value) ? value : [value]
      return statuses.every((status) => (TASK_STATUSES as readonly unknown[]).includes(status))
    },
  },
  name: rules.textRule,
  lane: rules.textRule,
  owner: rules.textRule,
  parentId: rules.textRule,
}

const PAGE_RULES: rules.Rules = {
  text: rules.textRule,
  createdAfter: rules.instantRule,
  createdBefore: rules.instantRule,
  limit: rules.limitRule,
  cursor: rules.textRule,
}

const LIST_RULES: rules.Rules = { ...FILTER_RULES, ...PAGE_RULES, order: rules.oneOf('newest', 'oldest') }

const ERROR_RULES: rules.Rules = {
  ...PAGE_RULES,
  name: rules.textRule,
  owner: rules.textRule,
  fingerprint: rules.textRule,
  code: rules.textRule,
}

export const resolveTaskQuery = (given: unknown): TaskQuery =>
  checkCursor(rules.checkOptions('list()', given, LIST_RULES) as TaskQuery)

export const resolveErrorQuery = (given: unknown): ErrorQuery =>
  checkCursor(rules.checkOptions('errors()', given, ERROR_RULES) as ErrorQuery)

export const resolveFilter = (given: unknown): TaskFilter => {
  if (given === undefined) throw new TaskOptionError('cancel()', 'expected an id or a filter, got undefined')
  return rules.checkOptions('cancel()', given, FILTER_RULES)
}

function checkCursor<Q extends { cursor?: string | undefined }>(query: Q): Q {
  if (query.cursor !== undefined) decodeCursor(query.cursor)
  return query
}
