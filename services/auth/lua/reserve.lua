-- Gives a table its full size before it is used.
-- KEYS[1] the table   ARGV[1] its size (bytes)
-- Reply: 1
local size = tonumber(ARGV[1])
if redis.call('STRLEN', KEYS[1]) < size then redis.call('SETRANGE', KEYS[1], size, '\0') end
return 1
