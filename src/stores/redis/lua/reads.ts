/** All there is of the given tasks or errors, as far as it fits: for each its fields and values, false where there are none. */
export const READ = `
local rows, bytes = {}, 0
for i = 3, #ARGV do
  if bytes > tonumber(ARGV[2]) then break end
  local row = redis.pcall('HGETALL', KEYS[1] .. ARGV[1] .. ':' .. ARGV[i])
  if row.err then row = { 'foreign', row.err } end
  for _, value in ipairs(row) do bytes = bytes + #value end
  rows[#rows + 1] = #row > 0 and row
end
return rows
`

export const COUNTS = `
local counts = {}
for i, status in ipairs(ARGV) do
  local count = redis.pcall('ZCARD', KEYS[1] .. 'tasks:status:' .. status)
  counts[i] = type(count) == 'number' and count or 0
end
return counts
`

/** The present place in the order of changes, then the rows: id, seq, body. */
export const CHANGES = `
local root, since, limit, maxBytes = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local last = redis.call('GET', root .. 'seq') or '0'
if limit == 0 then return { last, {} } end
local entries = redis.call('ZRANGEBYSCORE', root .. 'tasks:changed', '(' .. since, '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
local rows, bytes = {}, 0
for i = 1, #entries, 2 do
  if bytes > maxBytes then break end
  local body = redis.pcall('HGET', root .. 'task:' .. entries[i], 'body')
  if type(body) ~= 'string' then body = false end
  rows[#rows + 1] = entries[i]
  rows[#rows + 1] = entries[i + 1]
  rows[#rows + 1] = body
  bytes = bytes + (body and #body or 0)
end
return { last, rows }
`
