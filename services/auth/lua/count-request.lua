-- Counts a request in the table of one minute.
-- KEYS[1] the minute's table   ARGV[1] how long it is kept (s)   ARGV[2..] the cells of the key, one in each row
-- Reply: how many requests each cell has, this one included
local adds = { 'OVERFLOW', 'SAT' }
for at = 2, #ARGV do
  for _, word in ipairs({ 'INCRBY', 'u32', '#' .. ARGV[at], '1' }) do adds[#adds + 1] = word end
end
local counts = redis.call('BITFIELD', KEYS[1], unpack(adds))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return counts
