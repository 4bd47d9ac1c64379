-- Ends every family of a user except one. Nothing personal is left of those that are over, also of those that an earlier version
-- ended: the user may be deleted.
-- ARGV[4] the sid to spare, or ''   ARGV[5..] sids that the database has ended
-- Reply: {now (ms), how many live ones ended}; {now (ms)} if the caller no longer waits
if is_late() then return { server_ms() } end
local spared, ended = ARGV[4], 0
local live, past = parted()
for _, family in ipairs(live) do
  if family[1] ~= spared then
    finish(family[1], family[2])
    ended = ended + 1
  end
end
for _, family in ipairs(past) do
  if now_ms >= family[2][EXPIRES] * 1000 then
    redis.call('HDEL', family_key, family[1])
  elseif family[1] ~= spared then
    end_known(family[1], family[2])
  end
end
for i = 5, #ARGV do
  if ARGV[i] ~= spared then end_known(ARGV[i], read(ARGV[i])) end
end
return { now_ms, ended }
