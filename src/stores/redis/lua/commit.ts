/**
 * A batch. The guard, the record, its history, its errors and the indexes are one script, which nothing comes between.
 *
 * A script that Redis stops half-way is not undone. It stops one only before its first write, with one exception: a cluster
 * that is moving the slot meanwhile. Hence the order within a change: index entries first, which readers check against the
 * record, then record and history in one HSET, which is the moment of the commit, then the entries that no longer hold.
 */
export const COMMIT = `
local root = KEYS[1]
local DIMENSIONS = { 'status', 'name', 'lane', 'owner', 'parent' }
local ERROR_DIMENSIONS = { 'name', 'owner', 'code', 'fingerprint' }
local NULLABLE = { 'lane', 'owner', 'parent', 'finished' }
local TERMINAL = { completed = true, failed = true, cancelled = true }
local GUARDED = { 'version', 'status', 'instance', 'created', 'name', 'lane', 'owner', 'parent', 'finished' }

local place = 0
local function take()
  place = place + 1
  return ARGV[place]
end

local function takeRow()
  local row, flat = {}, {}
  for i = 1, tonumber(take()) do
    local field, value = take(), take()
    row[field], flat[2 * i - 1], flat[2 * i] = value, field, value
  end
  return row, flat
end

local function add(key, score, member)
  local reply = redis.pcall('ZADD', key, score, member)
  if type(reply) == 'table' then error(reply.err .. ' (key ' .. key .. ')', 0) end
end

local function read(key)
  local values = redis.pcall('HMGET', key, unpack(GUARDED))
  if values.err then return { isForeign = true } end
  local there = {}
  for i, field in ipairs(GUARDED) do there[field] = values[i] or nil end
  there.isForeign = not there.version and redis.call('EXISTS', key) == 1
  return there
end

local function judge(there, row, expected)
  if there.isForeign then return 'stale' end
  if not there.version then return expected == '0' and 'applied' or 'missing' end
  local isOfOneTask = there.instance == row.instance and there.created == row.created
  if isOfOneTask and there.version == row.version and there.status == row.status then return 'same' end
  if TERMINAL[there.status] and there.status ~= row.status then return 'terminal' end
  return there.version == expected and 'applied' or 'stale'
end

local total = tonumber(take())
local seq
-- Changes are numbered by the server's clock, and by one more where it has not moved on: also a server that was restored from
-- an older copy gives no number twice.
local function nextSeq()
  if not seq then
    local time = redis.call('TIME')
    seq = math.max(tonumber(redis.call('GET', root .. 'seq') or '0'), time[1] * 1000000 + time[2])
    redis.call('SET', root .. 'seq', string.format('%.0f', seq + total))
  end
  seq = seq + 1
  return string.format('%.0f', seq)
end

local function apply(id, key, row, flat, there, failures)
  local number = nextSeq()
  local hasMoved = there.created ~= row.created
  if hasMoved then add(root .. 'tasks', row.created, id) end
  for _, dimension in ipairs(DIMENSIONS) do
    local value = row[dimension]
    if value and (hasMoved or there[dimension] ~= value) then
      add(root .. 'tasks:' .. dimension .. ':' .. value, row.created, id)
    end
  end
  if TERMINAL[row.status] then add(root .. 'tasks:finished', row.finished or '+inf', id) end
  add(root .. 'tasks:changed', number, id)

  for _, failure in ipairs(failures) do
    add(root .. 'errors', failure.row.at, failure.id)
    for _, dimension in ipairs(ERROR_DIMENSIONS) do
      local value = failure.row[dimension]
      if value then add(root .. 'errors:' .. dimension .. ':' .. value, failure.row.at, failure.id) end
    end
    redis.call('HSET', root .. 'error:' .. failure.id, unpack(failure.flat))
  end

  redis.call('HSET', key, unpack(flat))

  for _, dimension in ipairs(DIMENSIONS) do
    local value = there[dimension]
    if value and value ~= row[dimension] then redis.call('ZREM', root .. 'tasks:' .. dimension .. ':' .. value, id) end
  end
  for _, field in ipairs(NULLABLE) do
    if there[field] and not row[field] then redis.call('HDEL', key, field) end
  end
end

local answers = {}
for i = 1, total do
  local id, expected = take(), take()
  local row, flat = takeRow()
  local failures = {}
  for j = 1, tonumber(take()) do
    failures[j] = { id = take() }
    failures[j].row, failures[j].flat = takeRow()
  end
  local key = root .. 'task:' .. id
  local there = read(key)
  local answer = judge(there, row, expected)
  if answer == 'applied' then apply(id, key, row, flat, there, failures) end
  answers[i] = answer == 'same' and 'applied' or answer
end
if seq then redis.pcall('PUBLISH', root .. 'changes', string.format('%.0f', seq)) end
return answers
`
