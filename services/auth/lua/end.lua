-- Ends families of a user, and revokes those that the store has lost: their access tokens may still be about.
-- ARGV[4..] sids
-- Reply: {now (ms), how many were live}
local ended = 0
for i = 4, #ARGV do
  local sid = ARGV[i]
  local record = read(sid)
  if not record then
    revoke(sid)
  elseif is_live(record) then
    finish(sid, record)
    ended = ended + 1
  end
end
return { now_ms, ended }
