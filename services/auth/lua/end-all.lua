-- Ends every family of a user but one.
-- KEYS[1] the user's families   KEYS[2] the revocation stream   KEYS[3] when the last access token runs out
-- ARGV[1] the sid to spare, or ''   ARGV[2] now (ms)   ARGV[3] how long a revocation is remembered (s)
-- ARGV[4] tombstones to keep
-- Reply: how many ended
local now_ms, ended = tonumber(ARGV[2]), 0
for _, family in ipairs(prune(KEYS[1], now_ms, tonumber(ARGV[4]))) do
  if family[1] ~= ARGV[1] then
    finish(KEYS[1], KEYS[2], KEYS[3], family[1], family[2], now_ms, tonumber(ARGV[3]))
    ended = ended + 1
  end
end
return ended
