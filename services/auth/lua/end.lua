-- Ends one family.
-- KEYS[1] the user's families   KEYS[2] the revocation stream   KEYS[3] when the last access token runs out
-- ARGV[1] sid   ARGV[2] now (ms)   ARGV[3] how long a revocation is remembered (s)
-- Reply: 1 where it was live, 0 where it was not
local record = read(KEYS[1], ARGV[1])
local now_ms = tonumber(ARGV[2])
if not record or not is_live(record, now_ms) then return 0 end
finish(KEYS[1], KEYS[2], KEYS[3], ARGV[1], record, now_ms, tonumber(ARGV[3]))
return 1
