-- The live families of a user, the oldest first, and which ones are over.
-- Reply: {now (ms), {{sid, record as an array}, …}, {sid, …}}
local live, over = {}, {}
for _, family in ipairs(read_all()) do
  if is_live(family[2]) then
    live[#live + 1] = family
  else
    over[#over + 1] = family[1]
  end
end
return { now_ms, live, over }
