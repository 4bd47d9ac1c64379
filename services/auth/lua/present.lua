-- Presents a refresh token with a valid MAC: the state machine of src/sessions/families/family.ts,
-- in one round trip.
-- ARGV[4] sid        ARGV[5] openedAt (s), empty if the database does not know it as open
-- ARGV[6] expiresAt (s)        ARGV[7] clientId   ARGV[8] scope   ARGV[9] label
-- ARGV[10] idle lifetime (s)   ARGV[11] presented generation      ARGV[12] grace (s)
-- ARGV[13] replay cap          ARGV[14] recovery (s)
-- ARGV[15] how far ahead of now tokens become stale (s)
-- ARGV[16] subject             ARGV[17] the client's address      ARGV[18] request id
-- Reply: {now (ms), outcome, record before, record after, mark of withdrawn keys, mark of changed
-- accounts}, the records as arrays, false for what does not exist; {now (ms)} if the caller no longer waits;
-- {now (ms), 'newer-format'} if only a newer version can read the record
if is_late() then return { server_ms() } end
local sid, presented, idle = ARGV[4], tonumber(ARGV[11]), tonumber(ARGV[10])
local grace, cap, recovery = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local stale_ahead = tonumber(ARGV[15])

-- A token is signed next, so the reply has the marks: asking for them costs no round trip.
local function reply(outcome, before, after)
  local withdrawals, changes = redis.call('GET', KEYS[6]), redis.call('GET', KEYS[7])
  return { now_ms, outcome, before, after, withdrawals, changes }
end

-- Writes the record. If access tokens have become stale, tells the gateways.
local function write_stale(record, not_before)
  local is_new = record[TOKENS_NOT_BEFORE] ~= not_before
  record[TOKENS_NOT_BEFORE] = not_before
  write(sid, record)
  if is_new then make_stale(sid, not_before) end
end

local function advance(record)
  local not_before = record[TOKENS_NOT_BEFORE]
  if record[ANSWERED_AGAIN] == 1 then
    local least = now_s + stale_ahead
    not_before = math.max(not_before, least, math.min(not_before + 1, least + 1))
  end
  record[ANSWERED_AGAIN] = 0
  record[GENERATION] = presented + 1
  record[ROTATED_MS] = now_ms
  record[IDLE_EXPIRES] = math.min(now_s + idle, record[EXPIRES])
  record[REPLAYS] = 0
  -- If recovery is off, no gateway reports the use of these tokens.
  record[SEEN] = recovery == 0 and 1 or 0
  write_stale(record, not_before)
  token_horizon()
  return record
end

local record, newer_format = read(sid)
if newer_format then return { now_ms, 'newer-format' } end
if not record then
  local opened, expires = tonumber(ARGV[5]), tonumber(ARGV[6])
  if not opened or now_ms >= expires * 1000 then return reply('ended', false, false) end
  local client_id, scope, label = ARGV[7], ARGV[8], ARGV[9]
  local lost =
    { presented, opened, now_ms, expires, expires, 0, 0, client_id, scope, label, 0, 0, 0 }
  return reply('restored', false, advance(lost))
end
local before = { unpack(record) }
local behind = record[GENERATION] - presented
-- A token newer than the record was used: this store has lost that use, and the database knows that
-- it was recent.
local has_lost_use = behind < 0 and ARGV[5] ~= '' and not is_over(record)
if not is_live(record) and not has_lost_use then return reply('ended', before, record) end

if behind <= 0 then
  return reply(behind == 0 and 'rotated' or 'healed', before, advance(record))
end

local age_ms = now_ms - record[ROTATED_MS]
local within_grace = grace > 0 and age_ms < grace * 1000 and record[REPLAYS] < cap
if behind == 1 and within_grace then
  record[REPLAYS] = record[REPLAYS] + 1
  write(sid, record)
  token_horizon()
  return reply('replayed', before, record)
end

-- The response with the successor was lost, and the client asks late.
local within_recovery = now_ms - record[ROTATED_MS] < recovery * 1000
if behind == 1 and within_recovery and not was_seen(sid, ARGV[16], record) then
  record[ROTATED_MS] = now_ms
  record[REPLAYS] = 0
  record[ANSWERED_AGAIN] = 1
  write_stale(record, math.max(record[TOKENS_NOT_BEFORE], now_s + stale_ahead))
  token_horizon()
  return reply('recovered', before, record)
end

finish(sid, record)
note_unrecorded(sid, {
  subject = ARGV[16],
  kind = 'refresh-reused',
  address = ARGV[17],
  requestId = ARGV[18],
  detail = {
    generationsBehind = behind,
    secondsSinceRotation = math.floor((now_ms - before[ROTATED_MS]) / 1000)
  }
})
return reply('reused', before, record)
