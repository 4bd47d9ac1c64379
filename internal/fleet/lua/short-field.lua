-- The value of a field of a hash, but no long one: somebody may have planted megabytes.
-- KEYS[1] a hash   ARGV[1] longest value (bytes)   ARGV[2] the field
-- Replies: the value; nil for a missing or a long one
local value = redis.call('HGET', KEYS[1], ARGV[2])
if value and #value > tonumber(ARGV[1]) then return false end
return value
