-- Lists the live families of a user, the oldest first, the ids of the others, and the ids of those
-- whose record only a newer version can read.
-- Reply: {now (ms), {{sid, record as an array}, …}, {sid, …}, {sid, …}}
local live, past, unreadable = parted()
for at, family in ipairs(past) do past[at] = family[1] end
return { now_ms, live, past, unreadable }
