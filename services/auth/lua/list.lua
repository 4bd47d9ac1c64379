-- Lists the live families of a user, the oldest first, and the ids of the others.
-- Reply: {now (ms), {{sid, record as an array}, …}, {sid, …}}
local live, past = parted()
for at, family in ipairs(past) do past[at] = family[1] end
return { now_ms, live, past }
