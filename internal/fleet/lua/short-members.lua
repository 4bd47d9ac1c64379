-- The last members of a sorted set, but no long ones: somebody may have planted megabytes.
-- KEYS[1] a sorted set   ARGV[1] longest member (bytes)   ARGV[2] most members
-- Replies: the members in order
local short = {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], -tonumber(ARGV[2]), -1)) do
  if #member <= tonumber(ARGV[1]) then short[#short + 1] = member end
end
return short
