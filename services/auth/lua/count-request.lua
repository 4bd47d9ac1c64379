-- Counts a request in a minute. A cell has 48 bits: 24 for the minute (since 1970) and 24 for its
-- count, so that each minute begins with 0 without clearing the table.
-- KEYS[1] the table   ARGV[1] the minute   ARGV[2..] the cells of the key, one in each row
-- Reply: the lowest count of these cells in this minute, including this request
local CELL = 'u48'
local COUNTS = 2 ^ 24
local minute = tonumber(ARGV[1]) % COUNTS
local gets = {}
for at = 2, #ARGV do
  for _, word in ipairs({ 'GET', CELL, '#' .. ARGV[at] }) do gets[#gets + 1] = word end
end
local least, sets = math.huge, {}
for at, cell in ipairs(redis.call('BITFIELD', KEYS[1], unpack(gets))) do
  local count = cell % COUNTS
  if (cell - count) / COUNTS ~= minute then count = 0 end
  count = math.min(count + 1, COUNTS - 1)
  least = math.min(least, count)
  local value = string.format('%.0f', minute * COUNTS + count)
  for _, word in ipairs({ 'SET', CELL, '#' .. ARGV[at + 1], value }) do sets[#sets + 1] = word end
end
redis.call('BITFIELD', KEYS[1], unpack(sets))
return least
