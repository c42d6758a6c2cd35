/** Writes the version of the layout where there is none yet; gives the one that is there. */
export const SCHEMA = `
local there = redis.call('GET', KEYS[1] .. 'schema')
if there then return there end
redis.call('SET', KEYS[1] .. 'schema', ARGV[1])
return ARGV[1]
`
