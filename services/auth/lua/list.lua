-- The live families of a user, the oldest first.
-- KEYS[1] the user's families
-- ARGV[1] now (ms)
-- Reply: {{sid, record as an array}, …}
local live = {}
for _, family in ipairs(read_all(KEYS[1])) do
  if is_live(family[2], tonumber(ARGV[1])) then live[#live + 1] = family end
end
return live
