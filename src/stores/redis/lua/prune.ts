/** The finished tasks that the policy lets go, oldest first. */
export const EXPIRED = `
local key, before, most, limit = KEYS[1] .. 'tasks:finished', ARGV[1], ARGV[2], tonumber(ARGV[3])
local tooOld = redis.call('ZCOUNT', key, '-inf', '(' .. before)
local tooMany = most == '+inf' and 0 or redis.call('ZCARD', key) - tonumber(most)
local count = math.min(limit, math.max(tooOld, tooMany))
if count <= 0 then return {} end
return redis.call('ZRANGE', key, 0, count - 1)
`

/**
 * Removes finished tasks and all that belongs to them; gives how many were still there. Takes ids, each with the version that
 * it must still have, or nothing; a version that is none does not save its task.
 */
export const REMOVE = `
local root = KEYS[1]
local DIMENSIONS = { 'status', 'name', 'lane', 'owner', 'parent' }
local ERROR_DIMENSIONS = { 'name', 'owner', 'code', 'fingerprint' }
local STATUSES = { 'pending', 'running', 'completed', 'failed', 'cancelled' }

local function unindex(base, dimensions, row, id)
  redis.pcall('ZREM', root .. base, id)
  for _, dimension in ipairs(dimensions) do
    if row[dimension] then redis.pcall('ZREM', root .. base .. ':' .. dimension .. ':' .. row[dimension], id) end
  end
end

local function read(key)
  local flat = redis.pcall('HGETALL', key)
  local row = {}
  for i = 1, #flat, 2 do row[flat[i]] = flat[i + 1] end
  return row
end

local function isAsArchived(id, version)
  if version == '' then return true end
  local current = redis.pcall('HGET', root .. 'task:' .. id, 'version')
  return type(current) ~= 'string' or not tonumber(current) or tonumber(current) == tonumber(version)
end

local removed = 0
for i = 1, #ARGV, 2 do
  local id = ARGV[i]
  if isAsArchived(id, ARGV[i + 1]) and redis.call('ZREM', root .. 'tasks:finished', id) == 1 then
    removed = removed + 1
    local row = read(root .. 'task:' .. id)
    for field, value in pairs(row) do
      local isRead, ids = false, nil
      if string.sub(field, 1, 7) == 'errors:' then isRead, ids = pcall(cjson.decode, value) end
      if isRead and type(ids) == 'table' then
        for _, errorId in ipairs(ids) do
          local key = root .. 'error:' .. tostring(errorId)
          unindex('errors', ERROR_DIMENSIONS, read(key), tostring(errorId))
          redis.call('UNLINK', key)
        end
      end
    end
    unindex('tasks', DIMENSIONS, row, id)
    if not row.status then
      for _, status in ipairs(STATUSES) do redis.pcall('ZREM', root .. 'tasks:status:' .. status, id) end
    end
    redis.pcall('ZREM', root .. 'tasks:changed', id)
    redis.call('UNLINK', root .. 'task:' .. id)
  end
end
return removed
`
