-- Ends every family of a user but one.
-- ARGV[4] the sid to spare, or ''   ARGV[5] how many that are over to keep   ARGV[6..] sids that the database has ended
-- Reply: {now (ms), how many ended}; {now (ms)} where the caller no longer waits
if is_late() then return { server_ms() } end
local spared, keep, ended = ARGV[4], tonumber(ARGV[5]), 0
for _, family in ipairs(prune(keep)) do
  if family[1] ~= spared then
    finish(family[1], family[2])
    ended = ended + 1
  end
end
for i = 6, #ARGV do
  -- Lost with the store's last second, or with all of it; its access tokens are not.
  if ARGV[i] ~= spared and not read(ARGV[i]) then revoke(ARGV[i]) end
end
return { now_ms, ended }
