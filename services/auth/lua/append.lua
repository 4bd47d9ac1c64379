-- Adds an entry to the log of revocations that is no family's.
-- KEYS[1] the revocation stream   KEYS[2] when the last access token runs out
-- ARGV[1] kind   ARGV[2] id   ARGV[3] how long it must be remembered at least (s since 1970)   ARGV[4] now (ms)
-- ARGV[5] tokens from before when (s since 1970); empty: it is not about that
-- Reply: until when it is remembered (s since 1970)
local now_ms = tonumber(ARGV[4])
local until_s = math.max(tonumber(ARGV[3]), tonumber(redis.call('GET', KEYS[2]) or '0'))
local entry = { 'kind', ARGV[1], 'id', ARGV[2], 'until', string.format('%.0f', until_s) }
if ARGV[5] ~= '' then
  entry[#entry + 1] = 'before'
  entry[#entry + 1] = ARGV[5]
end
redis.call('XADD', KEYS[1], '*', unpack(entry))
remember(KEYS[1], now_ms, until_s)
return string.format('%.0f', until_s)
