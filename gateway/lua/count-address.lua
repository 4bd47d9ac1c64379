-- Counts a request of a caller in a count-min table: a fixed number of cells, whatever is counted.
-- A caller has one cell in each row and shares it with others. Its count is the lowest of them:
-- never too low, and too high only if others share all of its cells.
-- KEYS[1] the table of one limit in one window of time
-- ARGV[1] the caller   ARGV[2] a random salt for a new table
-- ARGV[3] how many seconds a new table lasts
-- Reply: the caller's count, including this request
local ROWS, COLUMNS = 4, 65536
local HEX_DIGITS = 8
-- Without the salt, a caller could find addresses that share cells with a victim.
local salt = redis.call('HGET', KEYS[1], 'salt')
if not salt then
  salt = ARGV[2]
  redis.call('HSET', KEYS[1], 'salt', salt)
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
local digest = redis.sha1hex(salt .. ARGV[1])
local counts, least = {}, math.huge
for row = 0, ROWS - 1 do
  local at = row * HEX_DIGITS
  local column = tonumber(string.sub(digest, at + 1, at + HEX_DIGITS), 16) % COLUMNS
  local cell = row * COLUMNS + column
  counts[cell] = tonumber(redis.call('HGET', KEYS[1], cell) or 0)
  least = math.min(least, counts[cell])
end
least = least + 1
for cell, count in pairs(counts) do
  if count < least then redis.call('HSET', KEYS[1], cell, least) end
end
return least
