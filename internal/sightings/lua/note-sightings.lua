-- Records the newest generation of each session whose tokens were used.
-- KEYS[1] sightings that are not yet in the families' records
-- ARGV[1] maximum number   ARGV[2] lifetime of the hash (s)
-- ARGV[3], ARGV[4], and so on: "session account", generation
local key, most = KEYS[1], tonumber(ARGV[1])
local size = redis.call('HLEN', key)
for i = 3, #ARGV, 2 do
  local known = redis.call('HGET', key, ARGV[i])
  if not known and size < most then
    redis.call('HSET', key, ARGV[i], ARGV[i + 1])
    size = size + 1
  elseif known and tonumber(known) < tonumber(ARGV[i + 1]) then
    redis.call('HSET', key, ARGV[i], ARGV[i + 1])
  end
end
redis.call('EXPIRE', key, ARGV[2])
