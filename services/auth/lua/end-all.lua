-- Ends every family of a user but one.
-- ARGV[4] the sid to spare, or ''   ARGV[5..] sids that the database has ended
-- Reply: {now (ms), how many ended}; {now (ms)} where the caller no longer waits
if is_late() then return { server_ms() } end
local spared, ended = ARGV[4], 0
for _, family in ipairs((parted())) do
  if family[1] ~= spared then
    finish(family[1], family[2])
    ended = ended + 1
  end
end
for i = 5, #ARGV do
  if ARGV[i] ~= spared then end_known(ARGV[i], read(ARGV[i])) end
end
return { now_ms, ended }
