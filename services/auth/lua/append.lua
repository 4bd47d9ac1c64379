-- Adds an entry to the revocation log that is not the end of a family.
-- ARGV[4] kind   ARGV[5] id   ARGV[6] until when it must be remembered at least (s since 1970)
-- ARGV[7] tokens issued before this time are stale (s since 1970); empty: not in this entry
-- ARGV[8] tokens with a lower version of their owner's rights are stale; empty: not in this entry
-- Reply: until when it is remembered (s since 1970)
local until_s = math.max(tonumber(ARGV[6]), tonumber(redis.call('GET', horizon) or '0'))
local entry = { 'kind', ARGV[4], 'id', ARGV[5], 'until', string.format('%.0f', until_s) }
for at, name in pairs({ [7] = 'before', [8] = 'version' }) do
  if ARGV[at] ~= '' then
    entry[#entry + 1] = name
    entry[#entry + 1] = ARGV[at]
  end
end
redis.call('XADD', stream, '*', unpack(entry))
remember(until_s)
return string.format('%.0f', until_s)
