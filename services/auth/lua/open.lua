-- Opens the family of a login.
-- ARGV[4] sid      ARGV[5] openedAt (s)   ARGV[6] expiresAt (s)   ARGV[7] clientId   ARGV[8] scope
-- ARGV[9] label    ARGV[10] idle lifetime (s)   ARGV[11] how many ended families to keep
-- ARGV[12] for how long after its idle expiry a family may be restored (s)
-- Reply: {now (ms), how many live families the user has now, the record as an array};
-- {now (ms)} if the caller no longer waits
if is_late() then return { server_ms() } end
local live, past = parted()
forget(past, tonumber(ARGV[11]), tonumber(ARGV[12]))
token_horizon()
local expires = tonumber(ARGV[6])
local idle_expires = math.min(now_s + tonumber(ARGV[10]), expires)
local opened, client_id, scope, label = tonumber(ARGV[5]), ARGV[7], ARGV[8], ARGV[9]
local record = { 0, opened, now_ms, idle_expires, expires, 0, 0, client_id, scope, label, 0, 0, 0 }
write(ARGV[4], record)
return { now_ms, #live + 1, record }
