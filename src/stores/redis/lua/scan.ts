/**
 * One bounded step through an index: from a place on, so many entries at most, those that match given in full.
 *
 * Answers with the place it has come to, whether anything is left behind it, and the rows: id, score, body.
 */
export const SCAN = `
local root = KEYS[1]
local base, kind, isOldest, from, before = ARGV[1], ARGV[2], ARGV[3] == 'oldest', ARGV[4], ARGV[5]
local cursorAt, cursorId, wanted, maxEntries, maxBytes = ARGV[6], ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local text = ARGV[11] == '1' and ARGV[12]

local place = 12
local function take()
  place = place + 1
  return ARGV[place]
end

local filters = {}
for i = 1, tonumber(take()) do
  local filter = { field = take(), isNegated = take() == 'not', values = {}, set = {} }
  for j = 1, tonumber(take()) do
    filter.values[j] = take()
    filter.set[filter.values[j]] = true
  end
  filters[i] = filter
end

-- Lua compares by the server's locale, Redis orders by bytes.
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- How many entries stand before the cursor, or up to it.
local function rankOfCursor(key)
  local low = redis.call('ZCOUNT', key, '-inf', '(' .. cursorAt)
  local high = low + redis.call('ZCOUNT', key, cursorAt, cursorAt)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local member = redis.call('ZRANGE', key, middle, middle)[1]
    if precedes(member, cursorId) or (isOldest and member == cursorId) then low = middle + 1 else high = middle end
  end
  return low
end

-- The part of an index that is still to be seen, as ranks; nil where something else has its key.
local function windowOf(key)
  local held = redis.call('TYPE', key).ok
  if held ~= 'zset' and held ~= 'none' then return nil end
  local low = from == '-inf' and 0 or redis.call('ZCOUNT', key, '-inf', '(' .. from)
  local high = redis.call('ZCOUNT', key, '-inf', before)
  if cursorAt ~= '' then
    if isOldest then low = math.max(low, rankOfCursor(key)) else high = math.min(high, rankOfCursor(key)) end
  end
  return { key = key, low = low, size = math.max(0, high - low) }
end

-- The index, or the few of one filter, with the least to see.
local best
local function consider(keys, filter)
  local plan = { size = 0, filter = filter }
  for i, key in ipairs(keys) do
    plan[i] = windowOf(key)
    if not plan[i] then return end
    plan.size = plan.size + plan[i].size
  end
  if not best or plan.size < best.size then best = plan end
end

for _, filter in ipairs(filters) do
  if not filter.isNegated then
    local keys = {}
    for i, value in ipairs(filter.values) do keys[i] = root .. base .. ':' .. filter.field .. ':' .. value end
    consider(keys, filter)
  end
end
consider({ root .. base })
if not best then return redis.error_reply('WRONGTYPE the key ' .. root .. base .. ' is no index') end

for _, part in ipairs(best) do
  local count = math.min(maxEntries, part.size)
  part.next = 1
  if count == 0 then
    part.entries = {}
  elseif isOldest then
    part.entries = redis.call('ZRANGE', part.key, part.low, part.low + count - 1, 'WITHSCORES')
  else
    local top = part.low + part.size
    local entries = redis.call('ZRANGE', part.key, top - count, top - 1, 'WITHSCORES')
    part.entries = {}
    for i = #entries - 1, 1, -2 do
      part.entries[#part.entries + 1] = entries[i]
      part.entries[#part.entries + 1] = entries[i + 1]
    end
  end
end

local function comesFirst(a, b)
  local x, y = tonumber(a.entries[a.next + 1]), tonumber(b.entries[b.next + 1])
  if x ~= y then return (x < y) == isOldest end
  return precedes(a.entries[a.next], b.entries[b.next]) == isOldest
end

local function nextEntry()
  local first
  for _, part in ipairs(best) do
    if part.entries[part.next] and (not first or comesFirst(part, first)) then first = part end
  end
  if not first then return nil end
  first.next = first.next + 2
  return first.entries[first.next - 2], first.entries[first.next - 1]
end

local fields = {}
for i, filter in ipairs(filters) do fields[i] = filter.field end
if text then fields[#fields + 1] = 'search' end
-- Where the index has answered the whole question, the body is read along.
local isEager = not text and (#filters == 0 or (#filters == 1 and best.filter ~= nil))
if isEager then fields[#fields + 1] = 'body' end

-- What a damaged record does not say is believed of the index that it was found in.
local function matches(values)
  for i, filter in ipairs(filters) do
    local value = values[i]
    if value then
      if (filter.set[value] == true) == filter.isNegated then return false end
    elseif filter ~= best.filter and not filter.isNegated then
      return false
    end
  end
  if not text then return true end
  local search = values[#filters + 1]
  return search and string.find(search, text, 1, true) ~= nil
end

local rows, bytes, seen, lastAt, lastId = {}, 0, 0, '', ''
while #rows < 3 * wanted and bytes < maxBytes and seen < maxEntries do
  local id, at = nextEntry()
  if not id then break end
  seen, lastAt, lastId = seen + 1, at, id
  local key = root .. kind .. ':' .. id
  local values = redis.pcall('HMGET', key, unpack(fields))
  if values.err then values = {} end
  if matches(values) then
    local body
    if isEager then body = values[#fields] else body = redis.pcall('HGET', key, 'body') end
    if type(body) ~= 'string' then body = false end
    local count = #rows
    rows[count + 1], rows[count + 2], rows[count + 3] = id, at, body
    bytes = bytes + (body and #body or 0)
  end
end
return { lastAt, lastId, best.size > seen and 1 or 0, rows }
`
