-- A login opens a family; the oldest of the user end where there would be too many.
-- KEYS[1] the user's families   KEYS[2] the revocation stream   KEYS[3] when the last access token runs out
-- ARGV[1] sid   ARGV[2] now (ms)   ARGV[3] sessions a user   ARGV[4] how long a revocation is remembered (s)
-- ARGV[5] idleExpiresAt (s)   ARGV[6] expiresAt (s)   ARGV[7] clientId   ARGV[8] scope   ARGV[9] label
-- Reply: how many families ended
local key, stream, horizon = KEYS[1], KEYS[2], KEYS[3]
local now_ms, limit, remember = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local live = prune(key, now_ms, limit)
local too_many = math.max(0, #live - limit + 1)
for i = 1, too_many do
  finish(key, stream, horizon, live[i][1], live[i][2], now_ms, remember)
end

token_horizon(horizon, now_ms, remember)
local expires = tonumber(ARGV[6])
write(key, ARGV[1], {
  0, math.floor(now_ms / 1000), now_ms, tonumber(ARGV[5]), expires, 0, 0, ARGV[7], ARGV[8], ARGV[9]
})

-- The key lives as long as the family in it that can live longest: one opened under a longer policy may outlive this one.
if redis.call('EXPIRETIME', key) < expires then redis.call('EXPIREAT', key, expires) end
return too_many
