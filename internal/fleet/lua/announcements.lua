-- The values of strings that expire, but no long ones: somebody may have planted megabytes.
-- KEYS: strings   ARGV[1] longest value (bytes)
-- Replies: the values in order, nil for a missing one, and an empty one in place of a long one;
-- then the time that each has left (ms)
local values, left = redis.call('MGET', unpack(KEYS)), {}
for i = 1, #KEYS do
  if values[i] and #values[i] > tonumber(ARGV[1]) then values[i] = '' end
  left[i] = redis.call('PTTL', KEYS[i])
end
return { values, left }
