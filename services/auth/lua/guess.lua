-- Counts password guesses in a part of a count-min table. A cell has 40 bits: 8 for the number of
-- failures, 32 for the second (since 1970) of the last one.
-- KEYS[1] the part
-- ARGV[1] wait, take, give-back or forget   ARGV[2] now (ms)
-- ARGV[3] how long failures are remembered (s)   ARGV[4] the largest count of a cell
-- ARGV[5..8] the key's cells   ARGV[9..] the wait (s) after 0, 1, 2 … failures
-- Reply: the seconds until the next guess is due; 0 if it is due, and then take has counted it
local CELL, FIRST, LAST, WAITS = 'u40', 5, 8, 9
local SECONDS = 2 ^ 32
local what, now, kept = ARGV[1], tonumber(ARGV[2]) / 1000, tonumber(ARGV[3])

local gets = {}
for at = FIRST, LAST do
  gets[#gets + 1] = 'GET'
  gets[#gets + 1] = CELL
  gets[#gets + 1] = '#' .. ARGV[at]
end
local cells, least, left = redis.call('BITFIELD', KEYS[1], unpack(gets)), math.huge, math.huge
for at, cell in ipairs(cells) do
  local last = cell % SECONDS
  local failures = now - last < kept and (cell - last) / SECONDS or 0
  local wait = tonumber(ARGV[math.min(WAITS + failures, #ARGV)])
  local due = last + wait - now
  -- A time in the future is that of a clock which was set back: it must not lock an account.
  left = math.min(left, (wait == 0 or due > wait + 1) and 0 or due)
  least = math.min(least, failures)
  cells[at] = { failures = failures, last = last }
end
left = math.max(0, math.ceil(left))
if what == 'wait' or (what == 'take' and left > 0) then return left end

local sets = {}
for at, cell in ipairs(cells) do
  if what == 'take' then
    cell.failures = math.min(cell.failures + 1, tonumber(ARGV[4]))
    cell.last = math.ceil(now)
  else
    cell.failures = math.max(0, cell.failures - (what == 'forget' and least or 1))
  end
  local value = cell.failures == 0 and 0 or cell.failures * SECONDS + cell.last
  sets[#sets + 1] = 'SET'
  sets[#sets + 1] = CELL
  sets[#sets + 1] = '#' .. ARGV[FIRST + at - 1]
  sets[#sets + 1] = string.format('%.0f', value)
end
redis.call('BITFIELD', KEYS[1], unpack(sets))
return 0
