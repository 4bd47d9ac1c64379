-- The values of some fields of a hash, but no long ones: somebody may have planted megabytes.
-- KEYS[1] a hash   ARGV[1] longest value (bytes)   ARGV[2], ARGV[3], and so on: fields
-- Replies: the values in order; nil for a missing or a long one
local values = redis.call('HMGET', KEYS[1], unpack(ARGV, 2))
for i = 1, #ARGV - 1 do
  if values[i] and #values[i] > tonumber(ARGV[1]) then values[i] = false end
end
return values
