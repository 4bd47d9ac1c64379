-- The revocation log. Shared by every script here: the loader puts this file before the others.
--
-- The first arguments of every script:
-- KEYS[1] the revocation stream   KEYS[2] when the last access token expires
-- ARGV[1] now (ms); empty: this server's own clock, which decides outside of tests
-- ARGV[2] until when the caller waits (ms, by this server's clock); empty: the script may run
-- however late
-- ARGV[3] how long a revocation is remembered (s)
local function server_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local stream, horizon = KEYS[1], KEYS[2]
local now_ms = tonumber(ARGV[1]) or server_ms()
local now_s = math.floor(now_ms / 1000)
local revocation_seconds = tonumber(ARGV[3])

-- A command may reach its server long after its caller has given up and the client was told to try
-- again. Then it must do nothing.
local function is_late()
  local deadline = tonumber(ARGV[2])
  return deadline ~= nil and server_ms() > deadline
end

-- Notes that an access token is issued now, and returns when the last of all issued tokens expires
-- (s). The lifetime may be reduced while longer tokens are still valid, so it alone does not say.
local function token_horizon()
  local until_s = math.ceil(now_ms / 1000) + revocation_seconds
  local noted = tonumber(redis.call('GET', horizon) or '0')
  if noted >= until_s then return noted end
  redis.call('SET', horizon, string.format('%.0f', until_s), 'EX', revocation_seconds + 60)
  return until_s
end

-- Until when an entry must be remembered (s). The first three fields of every entry are its kind,
-- its id and this time, also in the entries of newer versions. If the time is missing, one hour is
-- used.
local function remembered_until(entry)
  return tonumber(entry[2][6]) or tonumber(entry[1]:match('^%d+')) / 1000 + 3600
end

-- Removes the oldest entries of the stream whose tokens have expired. The entry of a key stays
-- longer than others, and does not keep the entries after it, unless the ten oldest are of keys.
local function forget()
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 10)) do
    if remembered_until(entry) < now_ms / 1000 then
      redis.call('XDEL', stream, entry[1])
    elseif entry[2][2] ~= 'key' then
      return
    end
  end
end

-- Keeps the stream as long as its new entry must be remembered, and announces the entry. Only the
-- common log is read with a command that waits. An announcement may be lost, so a user without the
-- right to publish does not fail after the entry is written.
local function remember(until_s)
  forget()
  if not stream:find('{sessions}', 1, true) then redis.pcall('SPUBLISH', stream, '') end
  local life = math.ceil(until_s) - now_s + 60
  if redis.call('TTL', stream) < life then redis.call('EXPIRE', stream, life) end
end

-- Writes an entry for the gateways, in the same atomic step as the change itself.
local function revoke(sid)
  local until_s = token_horizon()
  local time = string.format('%.0f', until_s)
  redis.call('XADD', stream, '*', 'kind', 'session', 'id', sid, 'until', time)
  remember(until_s)
end

-- The same for a session's access tokens with an iat before `before` (s): the session continues.
local function make_stale(sid, before)
  local until_s = token_horizon()
  local times = { 'until', string.format('%.0f', until_s), 'before', string.format('%.0f', before) }
  redis.call('XADD', stream, '*', 'kind', 'session-tokens', 'id', sid, unpack(times))
  remember(until_s)
end
