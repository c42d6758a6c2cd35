/** Epoch milliseconds by the server's clock. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

export const BEAT = `${NOW}
local root, id, ttl = KEYS[1], ARGV[1], ARGV[2]
local key = root .. 'instance:' .. id
local stamp = string.format('%.0f', now)
redis.call('HSETNX', key, 'started', stamp)
redis.call('HSET', key, 'seen', stamp, 'name', ARGV[3], 'status', ARGV[4], 'process', ARGV[5])
redis.call('ZADD', root .. 'instances', ttl == '+inf' and ttl or string.format('%.0f', now + tonumber(ttl)), id)
return now
`

export const LEAVE = `
redis.call('ZREM', KEYS[1] .. 'instances', ARGV[1])
return redis.call('UNLINK', KEYS[1] .. 'instance:' .. ARGV[1])
`

/** Forgets those that died long ago; gives the others: id, whether its time is not over, and its fields. */
export const ROSTER = `${NOW}
local root = KEYS[1]
local long = string.format('%.0f', now - tonumber(ARGV[1]))
local forgotten = redis.call('ZRANGEBYSCORE', root .. 'instances', '-inf', long)
for _, id in ipairs(forgotten) do
  redis.call('ZREM', root .. 'instances', id)
  redis.call('UNLINK', root .. 'instance:' .. id)
end
local entries = redis.call('ZRANGE', root .. 'instances', 0, -1, 'WITHSCORES')
local rows = {}
for i = 1, #entries, 2 do
  local fields = redis.pcall('HMGET', root .. 'instance:' .. entries[i], 'name', 'started', 'seen', 'status', 'process')
  if fields.err then fields = { false, false, false, false, false } end
  local isAlive = entries[i + 1] == 'inf' or now < tonumber(entries[i + 1])
  rows[#rows + 1] = { entries[i], isAlive and 1 or 0, unpack(fields, 1, 5) }
end
return rows
`
